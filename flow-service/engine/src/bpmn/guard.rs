//! Refuses a text that would cost the XML parser too much, before the parser sees it.
//!
//! The parser compares the attributes of an element with one another and copies the namespaces in
//! force, so both are bounded here, in one pass that keeps one number for each open element. A
//! text that is not well-formed passes: saying so precisely is the parser's business.

use super::Finding;

const MAX_BYTES: usize = 1024 * 1024;
const MAX_DEPTH: usize = 64;
const MAX_ELEMENTS: usize = 5_000;
/// Of one element, namespace declarations included.
const MAX_ATTRIBUTES: usize = 100;
/// In force at one place.
const MAX_NAMESPACES: usize = 200;

/// Lets the text pass, or says why not.
pub(super) fn admit(xml: &str) -> Result<(), Finding> {
    let mut scan = Scan { rest: xml, elements: 0, open: Vec::new() };
    let verdict = if xml.len() > MAX_BYTES { Err(Excess::Bytes) } else { scan.run() };
    verdict.map_err(|excess| {
        let read = xml.len().saturating_sub(scan.rest.len());
        let line = 1 + xml.bytes().take(read).filter(|byte| *byte == b'\n').count();
        let (code, message) = excess.describe();
        Finding {
            element_id: String::new(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            code,
            message,
        }
    })
}

enum Excess {
    Bytes,
    Encoding,
    Dtd,
    Depth,
    Elements,
    Attributes,
    Namespaces,
}

impl Excess {
    fn describe(&self) -> (&'static str, String) {
        match self {
            Self::Bytes => ("XML_TOO_LARGE", format!("BPMN 文件超过 {MAX_BYTES} 字节")),
            Self::Encoding => ("XML_ENCODING", "BPMN 文件必须以 UTF-8 编码".into()),
            Self::Dtd => ("XML_DTD", "BPMN 文件不允许包含 DTD 或实体声明".into()),
            Self::Depth => ("XML_TOO_DEEP", format!("元素嵌套超过 {MAX_DEPTH} 层")),
            Self::Elements => ("XML_TOO_MANY_ELEMENTS", format!("元素超过 {MAX_ELEMENTS} 个")),
            Self::Attributes => {
                ("XML_TOO_MANY_ATTRIBUTES", format!("一个元素的属性超过 {MAX_ATTRIBUTES} 个"))
            }
            Self::Namespaces => {
                ("XML_TOO_MANY_NAMESPACES", format!("同时有效的命名空间超过 {MAX_NAMESPACES} 个"))
            }
        }
    }
}

struct Scan<'a> {
    rest: &'a str,
    elements: usize,
    /// For each open element, how many namespaces are in force inside it.
    open: Vec<usize>,
}

impl<'a> Scan<'a> {
    fn run(&mut self) -> Result<(), Excess> {
        while let Some((_, markup)) = self.rest.split_once('<') {
            self.rest = markup;
            if let Some(comment) = markup.strip_prefix("!--") {
                self.rest = after(comment, "-->");
            } else if let Some(data) = markup.strip_prefix("![CDATA[") {
                self.rest = after(data, "]]>");
            } else if let Some(instruction) = markup.strip_prefix('?') {
                self.instruction(instruction)?;
            } else if markup.starts_with('!') {
                return Err(Excess::Dtd);
            } else if markup.starts_with('/') {
                self.open.pop();
            } else {
                self.start_tag()?;
            }
        }
        Ok(())
    }

    fn instruction(&mut self, text: &'a str) -> Result<(), Excess> {
        self.rest = after(text, "?>");
        let own = text.split_once("?>").map_or(text, |(own, _)| own);
        let Some(declaration) = own.strip_prefix("xml ") else { return Ok(()) };
        let declaration = declaration.to_ascii_lowercase();
        let wide = ["utf-16", "utf16", "utf-32", "utf32", "ucs-", "iso-10646"];
        if wide.iter().any(|name| declaration.contains(name)) {
            return Err(Excess::Encoding);
        }
        Ok(())
    }

    /// Reads `name a="1" b='2'>` or `…/>`; each quoted text is one attribute.
    fn start_tag(&mut self) -> Result<(), Excess> {
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(Excess::Elements);
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(Excess::Depth);
        }
        let mut attributes = 0;
        let mut namespaces = self.open.last().copied().unwrap_or(0);
        while let Some(at) = self.rest.find(['"', '\'', '>']) {
            let (before, mark) = self.rest.split_at(at);
            if let Some(rest) = mark.strip_prefix('>') {
                self.rest = rest;
                if !before.ends_with('/') {
                    self.open.push(namespaces);
                }
                return Ok(());
            }
            let quote = if mark.starts_with('"') { '"' } else { '\'' };
            self.rest = mark.splitn(3, quote).nth(2).unwrap_or("");
            attributes += 1;
            if attributes > MAX_ATTRIBUTES {
                return Err(Excess::Attributes);
            }
            let declares = before.split_whitespace().any(|word| word.starts_with("xmlns"));
            namespaces += usize::from(declares);
            if namespaces > MAX_NAMESPACES {
                return Err(Excess::Namespaces);
            }
        }
        self.rest = "";
        Ok(())
    }
}

fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_once(end).map_or("", |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::admit;

    fn judged(xml: &str) -> &'static str {
        admit(xml).map_or_else(|finding| finding.code, |()| "fine")
    }

    #[test]
    fn what_costs_too_much_is_refused() {
        let attributes =
            |count: usize| (0..count).map(|n| format!(" a{n}='x'")).collect::<String>();
        let namespaces = |from: usize| {
            (from..from + 90).map(|n| format!(" xmlns:n{n} = \"u:{n}\"")).collect::<String>()
        };
        let cases = [
            (" ".repeat(1024 * 1024 + 1), "XML_TOO_LARGE"),
            (" ".repeat(1024 * 1024), "fine"),
            ("<a>".repeat(64) + &"</a>".repeat(64), "fine"),
            ("<a>".repeat(64) + "<b/>", "XML_TOO_DEEP"),
            ("<a>".repeat(100_000), "XML_TOO_DEEP"),
            (format!("<r>{}</r>", "<a/>".repeat(4_999)), "fine"),
            (format!("<r>{}</r>", "<a/>".repeat(5_000)), "XML_TOO_MANY_ELEMENTS"),
            (format!("<r{}/>", attributes(100)), "fine"),
            (format!("<r{}/>", attributes(60_000)), "XML_TOO_MANY_ATTRIBUTES"),
            (format!("<a{}><b{}/></a>", namespaces(0), namespaces(90)), "fine"),
            (
                format!("<a{}><b{}><c{}/></b></a>", namespaces(0), namespaces(90), namespaces(180)),
                "XML_TOO_MANY_NAMESPACES",
            ),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>".into(), "XML_DTD"),
            ("<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>".into(), "XML_ENCODING"),
            ("<?xml version=\"1.0\" encoding=\"WINDOWS-1252\"?><a/>".into(), "fine"),
        ];

        for (xml, expected) in cases {
            let shown = xml.chars().take(60).collect::<String>();
            assert_eq!(judged(&xml), expected, "{shown}");
        }
    }

    #[test]
    fn markup_in_comments_data_and_values_does_not_count() {
        let deep = "<a>".repeat(70);

        assert_eq!(judged(&format!("<a><!-- {deep} --><![CDATA[ {deep} ]]></a>")), "fine");
        assert_eq!(judged(&format!("<a b='>{}' c=\"'>\"/>", "x=\"1\" ".repeat(300))), "fine");
        assert_eq!(judged("<!-- <!DOCTYPE a> --><a/>"), "fine");
    }

    #[test]
    fn a_text_that_ends_too_early_passes_on_to_the_parser() {
        for xml in ["", "<", "<a", "<a b", "<a b='", "<!--", "<![CDATA[", "<?", "<?xml ", "</", "a"]
        {
            assert_eq!(judged(xml), "fine", "{xml}");
        }
    }

    #[test]
    fn the_line_is_where_reading_stopped() {
        let finding = admit("<a>\n<b>\n<!DOCTYPE c>").unwrap_err();

        assert_eq!(finding.line, 3);
    }
}
