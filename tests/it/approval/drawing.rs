//! The drawings of the table's situations: First, then the situation, then Last.

/// The drawing of a situation; `on_reject` is said of the tasks in it.
pub(super) fn drawing(situation: &str, on_reject: Option<&str>) -> String {
    let attributes =
        on_reject.map_or_else(String::new, |word| format!("aiflow:onReject=\"{word}\""));
    let here = |mode: &str, people: &str| task("here", &format!("{mode} {attributes}"), people);
    let inside = match situation {
        "any" => between(&here("aiflow:mode=\"any\"", "Lee,May,Noa")),
        "all" => between(&here("aiflow:mode=\"all\"", "Lee,May,Noa")),
        "sequence" => between(&here("aiflow:mode=\"sequence\"", "Lee,May,Noa")),
        "vote" => between(&here("aiflow:mode=\"vote\" aiflow:ratio=\"60\"", "Lee,May,Noa")),
        "parallel" => format!(
            "<parallelGateway id=\"fork\"/>{}{}{}{}<parallelGateway id=\"join\"/>{}{}{}",
            flow("first", "fork"),
            flow("fork", "here") + &flow("fork", "side"),
            here("", "Lee"),
            task("side", "", "Side"),
            flow("here", "join"),
            flow("side", "join"),
            flow("join", "last"),
        ),
        "sub" => format!(
            "<subProcess id=\"inner\"><startEvent id=\"begin\"/>{}{}{}<endEvent id=\"done\"/></subProcess>{}{}",
            flow("begin", "here"),
            here("", "Lee"),
            flow("here", "done"),
            flow("first", "inner"),
            flow("inner", "last"),
        ),
        "multi" => between(&format!(
            "<userTask id=\"here\" name=\"审批\" {attributes} flowable:assignee=\"${{person}}\">\
             <multiInstanceLoopCharacteristics isSequential=\"false\" \
             flowable:collection=\"${{['Lee','May']}}\" flowable:elementVariable=\"person\"/></userTask>"
        )),
        _ => between(&here("", "Lee")),
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
         xmlns:aiflow=\"http://aiflow/bpmn\" xmlns:flowable=\"http://flowable.org/bpmn\" targetNamespace=\"t\">\
         <process id=\"p\" isExecutable=\"true\"><startEvent id=\"start\"/>{}{}{inside}{}{}<endEvent id=\"end\"/></process></definitions>",
        flow("start", "first"),
        task("first", "", "First"),
        task("last", "", "Last"),
        flow("last", "end"),
    )
}

/// The one element of a situation, with its ways in and out.
fn between(here: &str) -> String {
    format!("{}{here}{}", flow("first", "here"), flow("here", "last"))
}

fn flow(from: &str, to: &str) -> String {
    format!("<sequenceFlow id=\"{from}_{to}\" sourceRef=\"{from}\" targetRef=\"{to}\"/>")
}

fn task(id: &str, attributes: &str, people: &str) -> String {
    format!(
        "<userTask id=\"{id}\" name=\"审批\" {attributes}><extensionElements><aiflow:approvers>\
         <aiflow:users codes=\"{people}\"/></aiflow:approvers></extensionElements></userTask>"
    )
}
