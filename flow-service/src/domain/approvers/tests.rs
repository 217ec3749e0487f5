//! Rules, policies and faults, each with what comes of it.

use std::sync::Arc;

use chrono::DateTime;
use flow_engine::Process;
use flow_engine::bpmn;
use flow_engine::value::Value;

use super::*;
use crate::domain::directory::{Department, Profile};
use crate::domain::people::Presence;
use crate::domain::policy::{
    Disabled, Nobody, OnTimeout, Policy, SamePerson, StarterIsApprover, Timeout,
};

/// A process whose one user task has these attributes and extension elements.
fn process(own: &str, attributes: &str, inside: &str) -> Process {
    let xml = format!(
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' xmlns:aiflow='http://aiflow/bpmn' \
         xmlns:flowable='http://flowable.org/bpmn' xmlns:zeebe='http://camunda.org/schema/zeebe/1.0' targetNamespace='t'>\
         <process id='p' isExecutable='true'><extensionElements>{own}</extensionElements><startEvent id='s'/>\
         <sequenceFlow id='f' sourceRef='s' targetRef='a'/><userTask id='a' {attributes}><extensionElements>{inside}\
         </extensionElements></userTask></process></definitions>"
    );
    let definitions = bpmn::parse(&xml).unwrap();
    Process::compile(&definitions).unwrap().remove(0)
}

fn parsed(own: &str, attributes: &str, inside: &str) -> (TaskSpec, Vec<Fault>) {
    let process = process(own, attributes, inside);
    let (defaults, mut faults) = parse_defaults(&process.info());
    let (spec, more) = parse_task(&process.node("a").unwrap(), &defaults);
    faults.extend(more);
    (spec, faults)
}

fn spec(attributes: &str, inside: &str) -> TaskSpec {
    let (spec, faults) = parsed("", attributes, inside);
    assert_eq!(faults, []);
    spec
}

fn rules(inside: &str) -> TaskSpec {
    spec("", &format!("<aiflow:approvers>{inside}</aiflow:approvers>"))
}

fn with(policy: &str, inside: &str) -> TaskSpec {
    spec("", &format!("<aiflow:approvers>{inside}</aiflow:approvers><aiflow:policy {policy}/>"))
}

/// KIM → LEE → BOSS, with OLD, disabled, between LEE and BOSS in another line. KIM is in the team,
/// which LEE leads; the team is in the area, which nobody leads by name.
fn known() -> People {
    let mut known = People::default();
    let people = [
        ("KIM", "TEAM", Some("LEE"), None, true),
        ("PAT", "TEAM", Some("OLD"), None, true),
        ("LEE", "TEAM", Some("BOSS"), Some("经理"), true),
        ("OLD", "AREA", Some("BOSS"), None, false),
        ("BOSS", "AREA", None, Some("总监"), true),
        ("FIN", "MONEY", Some("BOSS"), None, true),
    ];
    for (code, dept, supervisor, title, active) in people {
        let profile = Profile {
            name: code.to_lowercase(),
            dept: dept.to_owned(),
            supervisor: supervisor.map(str::to_owned),
            title: title.map(str::to_owned),
            active,
        };
        known.note(code.to_owned(), profile);
        known.around.insert(code.to_owned());
    }
    known.users.insert("GHOST".to_owned(), Presence::Missing);
    let departments =
        [("TEAM", Some("AREA"), vec!["LEE"]), ("AREA", None, vec![]), ("MONEY", None, vec![])];
    for (id, parent, managers) in departments {
        let department = Department {
            id: id.to_owned(),
            code: Some(format!("{id}-CODE")),
            name: String::new(),
            parent: parent.map(str::to_owned),
            managers: managers.into_iter().map(str::to_owned).collect(),
        };
        known.departments.insert(id.to_owned(), department);
        known.leading.insert(id.to_owned());
    }
    known.heads.insert("AREA".to_owned(), vec!["BOSS".to_owned()]);
    known.heads.insert("MONEY".to_owned(), Vec::new());
    known.groups.insert("MONEY".to_owned(), Some(vec!["FIN".to_owned()]));
    known.groups.insert("EMPTY".to_owned(), Some(Vec::new()));
    known.groups.insert("NOWHERE".to_owned(), None);
    known.roles.insert("finance".to_owned(), vec!["FIN".to_owned()]);
    known.roles.insert("lawyer".to_owned(), Vec::new());
    known
}

struct Order {
    starter: &'static str,
    manager: Option<&'static str>,
    variables: Variables,
    chosen: Vec<String>,
}

impl Order {
    fn of(starter: &'static str) -> Self {
        let list = |codes: &[&str]| Value::List(codes.iter().map(|code| (*code).into()).collect());
        let variables = [
            ("approver".to_owned(), list(&["LEE", "FIN"])),
            ("dept".to_owned(), Value::Text("TEAM-CODE".to_owned())),
            (
                "person".to_owned(),
                Value::Map([("userCode".to_owned(), Value::Text("FIN".to_owned()))].into()),
            ),
            ("amount".to_owned(), Value::Number(7.into())),
        ];
        Self { starter, manager: None, variables: variables.into(), chosen: Vec::new() }
    }

    fn choose(&self, spec: &TaskSpec, known: &People) -> Choice {
        choose(spec, &self.asked(), known)
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            starter: self.starter,
            manager: self.manager,
            variables: &self.variables,
            chosen: &self.chosen,
            now: DateTime::UNIX_EPOCH,
        }
    }
}

fn users(choice: &Choice) -> Vec<&str> {
    choice.picks.iter().map(|pick| pick.user.as_str()).collect()
}

fn chosen(spec: &TaskSpec) -> String {
    let choice = Order::of("KIM").choose(spec, &known());
    assert!(wanted(spec, &Order::of("KIM").asked(), &known()).is_empty());
    match (&choice.auto, &choice.trouble) {
        (Some(auto), _) => format!("{auto:?}"),
        (None, None) => users(&choice).join(" "),
        (None, Some(trouble)) => format!("{} ! {trouble}", users(&choice).join(" ")),
    }
}

#[test]
fn every_rule_finds_its_people() {
    for (inside, expected) in [
        ("<aiflow:users codes='LEE, FIN，LEE'/>", "LEE FIN"),
        ("<aiflow:users codes='GHOST,FIN'/>", "FIN ! 用户 GHOST 不存在"),
        ("<aiflow:users codes='OLD'/>", " ! 用户 OLD 已停用"),
        ("<aiflow:departments codes='MONEY'/>", "FIN"),
        (
            "<aiflow:departments codes='EMPTY,NOWHERE'/>",
            " ! 部门 EMPTY 没有可用的成员；部门 NOWHERE 不存在",
        ),
        ("<aiflow:role name='finance'/>", "FIN"),
        ("<aiflow:role name='lawyer'/>", " ! 没有角色为 lawyer 的可用人员"),
        ("<aiflow:role name='lawyer'/><aiflow:role name='finance'/>", "FIN"),
        ("<aiflow:departmentLeader/>", "LEE"),
        ("<aiflow:departmentLeader level='2'/>", "BOSS"),
        ("<aiflow:departmentLeader level='3'/>", " ! 部门 AREA 没有上级部门"),
        ("<aiflow:departmentLeader field='dept'/>", "LEE"),
        ("<aiflow:departmentLeader field='none'/>", " ! 表单 none 中没有部门"),
        ("<aiflow:superior/>", "LEE"),
        ("<aiflow:superior level='2'/>", "BOSS"),
        ("<aiflow:superior level='3'/>", " ! kim（KIM） 没有第3级上级"),
        ("<aiflow:superiors/>", "LEE BOSS"),
        ("<aiflow:superiors upTo='1'/>", "LEE"),
        ("<aiflow:superiors title='经理'/>", "LEE"),
        ("<aiflow:superiors upTo='9' title='总监'/>", "LEE BOSS"),
        ("<aiflow:starter/>", "KIM"),
        ("<aiflow:starterChoice/>", " ! 发起人没有选择处理人"),
        ("<aiflow:field name='approver'/>", "LEE FIN"),
        ("<aiflow:field name='person'/>", "FIN"),
        ("<aiflow:field name='amount'/>", " ! 用户 7 不存在"),
        ("<aiflow:expression>${amount > 5 ? 'FIN' : 'LEE'}</aiflow:expression>", "FIN"),
        ("<aiflow:superiors/><aiflow:exclude><aiflow:superior/></aiflow:exclude>", "BOSS"),
        (
            "<aiflow:superior/><aiflow:exclude><aiflow:users codes='LEE'/></aiflow:exclude>",
            " ! 没有找到处理人",
        ),
    ] {
        let spec = rules(inside);
        let mut known = known();
        known.leading.insert("TEAM-CODE".to_owned());
        known.users.insert("7".to_owned(), Presence::Missing);
        let choice = Order::of("KIM").choose(&spec, &known);
        let text = match &choice.trouble {
            None => users(&choice).join(" "),
            Some(trouble) => format!("{} ! {trouble}", users(&choice).join(" ")),
        };
        assert_eq!(text, expected, "{inside}");
    }
}

#[test]
fn the_attributes_of_other_engines_are_rules_too() {
    let attributes = "flowable:assignee='${person.userCode}' flowable:candidateUsers='LEE,KIM' flowable:candidateGroups='MONEY'";
    let zeebe = "<zeebe:assignmentDefinition assignee='=approver' candidateGroups='MONEY'/>";

    assert_eq!(chosen(&spec(attributes, "")), "FIN LEE KIM");
    assert_eq!(chosen(&spec("", zeebe)), "LEE FIN");
    assert_eq!(chosen(&spec("", "")), " ! 没有指定处理人");
}

#[test]
fn a_pick_says_why() {
    let leader = Order::of("KIM").choose(&rules("<aiflow:departmentLeader level='2'/>"), &known());
    let chain = Order::of("KIM").choose(&rules("<aiflow:superiors title='总监'/>"), &known());

    assert_eq!(leader.picks[0].rule, "发起人的第2级部门主管");
    assert_eq!(
        leader.picks[0].chain,
        ["发起人 kim（KIM）", "部门 TEAM", "上级部门 AREA", "主管 boss（BOSS）"]
    );
    assert_eq!(chain.picks[1].rule, "发起人的上级，到总监为止");
    assert_eq!(chain.picks[1].chain, ["发起人 kim（KIM）", "上级 lee（LEE）", "上级 boss（BOSS）"]);
}

#[test]
fn where_nobody_is_found_the_policy_decides() {
    let nobody = "<aiflow:superior level='9'/>";
    let skip = with("nobody='skip'", nobody);
    let refuse = with("nobody='refuse'", nobody);
    let manager = with("nobody='manager'", nobody);
    let mut order = Order::of("KIM");

    let auto = |spec: &TaskSpec| Order::of("KIM").choose(spec, &known()).auto;
    assert_eq!(auto(&skip), Some(Auto::Skip("没有找到处理人，自动通过".to_owned())));
    assert_eq!(auto(&refuse), Some(Auto::Refuse("没有找到处理人，自动拒绝".to_owned())));
    let without = order.choose(&manager, &known());
    assert!(without.picks.is_empty() && without.trouble.unwrap().contains("流程没有设置管理员"));
    order.manager = Some("FIN");
    let found = order.choose(&manager, &known());
    assert_eq!((users(&found), found.trouble.as_deref()), (vec!["FIN"], None));
    assert_eq!(found.picks[0].rule, "没有找到处理人，由流程管理员处理");
    // Somebody is found: the policy is not asked.
    assert_eq!(chosen(&with("nobody='skip'", "<aiflow:superior/>")), "LEE");
}

#[test]
fn a_starter_who_is_an_approver_is_treated_by_the_policy() {
    let rules = "<aiflow:users codes='KIM,FIN'/>";

    assert_eq!(chosen(&with("starterIsApprover='allow'", rules)), "KIM FIN");
    assert_eq!(chosen(&with("starterIsApprover='skip'", rules)), "FIN");
    assert_eq!(chosen(&with("starterIsApprover='superior'", rules)), "LEE FIN");
    let alone = with("starterIsApprover='skip'", "<aiflow:users codes='KIM'/>");
    assert_eq!(chosen(&alone), "Skip(\"处理人即发起人，自动通过\")");
    // The drawing wants the starter: there is nothing to skip.
    assert_eq!(chosen(&with("starterIsApprover='skip'", "<aiflow:starter/>")), "KIM");
    let boss = Order::of("BOSS")
        .choose(&with("starterIsApprover='superior'", "<aiflow:users codes='BOSS'/>"), &known());
    assert_eq!(boss.trouble.unwrap(), "处理人即发起人，且 boss（BOSS） 没有可用的上级");
}

#[test]
fn for_somebody_disabled_another_acts_by_the_policy() {
    let rules = "<aiflow:users codes='OLD,FIN'/>";
    let mut order = Order::of("KIM");

    assert_eq!(chosen(&with("disabled='superior'", rules)), "BOSS FIN");
    let none = "FIN ! 用户 OLD 已停用，且没有可用的代理人";
    assert_eq!(chosen(&with("disabled='agent'", rules)), none);
    let mut known = known();
    known.agents = Arc::new([("OLD".to_owned(), "PAT".to_owned())].into());
    let by_agent = order.choose(&with("disabled='agent'", rules), &known);
    assert_eq!(users(&by_agent), ["PAT", "FIN"]);
    assert_eq!(by_agent.picks[0].on_behalf_of.as_deref(), Some("OLD"));
    assert_eq!(by_agent.picks[0].chain[1], "用户 OLD 已停用，由代理人 pat（PAT） 处理");
    order.manager = Some("LEE");
    let by_manager = order.choose(&with("disabled='manager'", rules), &known);
    assert_eq!(users(&by_manager), ["LEE", "FIN"]);
}

#[test]
fn for_somebody_away_their_agent_acts_if_there_is_one_who_can() {
    let spec = rules(
        "<aiflow:users codes='FIN,LEE'/><aiflow:exclude><aiflow:users codes='BOSS'/></aiflow:exclude>",
    );
    let order = Order::of("KIM");
    let choose = |agent: &str| {
        let mut known = known();
        known.agents = Arc::new([("FIN".to_owned(), agent.to_owned())].into());
        order.choose(&spec, &known)
    };

    let by_agent = choose("PAT");
    assert_eq!(users(&by_agent), ["PAT", "LEE"]);
    assert_eq!(by_agent.picks[0].on_behalf_of.as_deref(), Some("FIN"));
    assert_eq!(by_agent.picks[0].rule, "指定人员");
    assert_eq!(
        by_agent.picks[0].chain.last().unwrap(),
        "fin（FIN） 外出，由代理人 pat（PAT） 处理"
    );
    assert_eq!(users(&choose("OLD")), ["FIN", "LEE"], "disabled");
    assert_eq!(users(&choose("LEE")), ["LEE"], "asked anyway");
    assert_eq!(choose("LEE").picks[0].on_behalf_of, None);
    assert_eq!(users(&choose("BOSS")), ["LEE"], "excluded");

    let mut unknown = known();
    unknown.agents = Arc::new([("FIN".to_owned(), "NEW".to_owned())].into());
    assert_eq!(wanted(&spec, &order.asked(), &unknown).users, ["NEW"]);
}

#[test]
fn where_everybody_must_speak_none_is_left_out() {
    let all = "aiflow:mode='all' flowable:candidateUsers='GHOST,FIN'";

    assert_eq!(chosen(&spec(all, "")), " ! 用户 GHOST 不存在");
}

#[test]
fn one_question_is_enough() {
    let spec = spec(
        "flowable:assignee='FIN'",
        "<aiflow:approvers><aiflow:departmentLeader level='2'/><aiflow:superiors/>\
         <aiflow:departments codes='MONEY'/><aiflow:role name='finance'/><aiflow:departmentLeader field='dept'/>\
         <aiflow:users codes='OLD'/><aiflow:exclude><aiflow:users codes='PAT'/><aiflow:role name='lawyer'/>\
         </aiflow:exclude></aiflow:approvers>\
         <aiflow:policy disabled='superior' starterIsApprover='superior' nobody='manager'/>",
    );
    let order = Order { manager: Some("BOSS"), ..Order::of("KIM") };

    let first = wanted(&spec, &order.asked(), &People::default());

    assert_eq!(first.users, ["BOSS", "FIN", "OLD"]);
    assert_eq!(first.around, ["KIM", "FIN", "OLD"]);
    assert_eq!(
        (first.groups, first.leading),
        (vec!["MONEY".to_owned()], vec!["TEAM-CODE".to_owned()])
    );
    assert_eq!(first.roles, ["finance", "lawyer"]);
    let mut answered = known();
    answered.leading.insert("TEAM-CODE".to_owned());
    assert!(wanted(&spec, &order.asked(), &answered).is_empty());
    assert_eq!(users(&order.choose(&spec, &answered)), ["FIN", "BOSS", "LEE"]);
}

#[test]
fn while_nobody_can_be_asked_nothing_is_decided() {
    let known = People { is_unasked: true, ..People::default() };
    for inside in [
        "<aiflow:superior/>",
        "<aiflow:departmentLeader/>",
        "<aiflow:role name='finance'/>",
        "<aiflow:departments codes='MONEY'/>",
        "<aiflow:users codes='FIN'/>",
    ] {
        let spec = with("nobody='skip' disabled='superior'", inside);
        let choice = Order::of("KIM").choose(&spec, &known);
        assert!(choice.picks.is_empty() && choice.auto.is_none(), "{inside}");
        assert!(choice.trouble.unwrap().starts_with("暂时无法确认"), "{inside}");
        assert!(wanted(&spec, &Order::of("KIM").asked(), &known).is_empty(), "{inside}");
    }
}

#[test]
fn copies_go_to_whoever_can_be_found() {
    let spec = spec(
        "",
        "<aiflow:copyTo><aiflow:superiors/><aiflow:users codes='OLD,GHOST,KIM'/></aiflow:copyTo>",
    );

    assert_eq!(copies(&spec, &Order::of("KIM").asked(), &known()), ["LEE", "BOSS", "KIM"]);
}

#[test]
fn everything_a_task_may_say_is_read() {
    let (spec, faults) = parsed(
        "<aiflow:policy nobody='skip' samePerson='skip'/><aiflow:timeout after='P1D' action='remind'/>",
        "aiflow:mode='vote' aiflow:ratio='60' aiflow:onReject='node:b' aiflow:operations='transfer,pass'",
        "<aiflow:policy nobody='manager' disabled='agent'/>\
         <aiflow:timeout after='PT8H' business='true' action='superior' times='3'/>",
    );

    assert_eq!(faults, []);
    assert_eq!(spec.mode, Mode::Vote { percent: 60 });
    assert_eq!(spec.on_reject, OnReject::Node("b".to_owned()));
    assert!(spec.allows("transfer") && spec.allows("reject") && !spec.allows("delegate"));
    let policy = Policy {
        nobody: Some(Nobody::Manager),
        starter: StarterIsApprover::Allow,
        same_person: SamePerson::Skip,
        disabled: Some(Disabled::Agent),
    };
    assert_eq!(spec.policy, policy);
    let Timeout { business, action, times, .. } = spec.timeout.unwrap();
    assert_eq!((business, action, times), (true, OnTimeout::Superior, 3));
}

#[test]
fn the_schema_names_whatever_the_parser_reads() {
    let schema = include_str!("../../../../docs/approval.xsd");
    let elements = [
        "approvers",
        "copyTo",
        "policy",
        "timeout",
        "exclude",
        "users",
        "departments",
        "role",
        "departmentLeader",
        "superior",
        "superiors",
        "starter",
        "starterChoice",
        "previousChoice",
        "field",
        "expression",
    ];

    for name in elements {
        assert!(schema.contains(&format!("<xs:element name=\"{name}\"")), "{name}");
    }
    assert_eq!(schema.matches("<xs:element name=").count(), elements.len());
    for name in parse::ATTRIBUTES {
        assert!(schema.contains(&format!("<xs:attribute name=\"{name}\"")), "{name}");
    }
    for name in parse::OPERATIONS {
        assert!(schema.contains(name), "{name}");
    }
}

#[test]
fn every_fault_is_named_at_once() {
    let messages = |own: &str, attributes: &str, inside: &str| {
        let (_, faults) = parsed(own, attributes, inside);
        faults.into_iter().map(|fault| fault.code).collect::<Vec<_>>()
    };
    let (bad, missing, unknown) = ("BAD_VALUE", "MISSING_REFERENCE", "UNSUPPORTED_EXTENSION");
    for (attributes, inside, expected) in [
        ("aiflow:mode='most'", "", vec![bad]),
        ("aiflow:mode='vote'", "", vec![missing]),
        ("aiflow:mode='vote' aiflow:ratio='0'", "", vec![bad]),
        ("aiflow:ratio='60'", "", vec![bad]),
        ("aiflow:onReject='node:'", "", vec![bad]),
        ("aiflow:operations='transfer,fly'", "", vec![bad]),
        ("aiflow:mod='any'", "", vec![unknown]),
        ("", "<aiflow:approver/>", vec![unknown]),
        ("", "<aiflow:approvers/>", vec![missing]),
        ("", "<aiflow:approvers><flowable:users codes='A'/></aiflow:approvers>", vec![unknown]),
        ("", "<aiflow:approvers><aiflow:users/></aiflow:approvers>", vec![missing]),
        ("", "<aiflow:approvers><aiflow:users codes=' , '/></aiflow:approvers>", vec![missing]),
        (
            "",
            "<aiflow:approvers><aiflow:role title='x'/></aiflow:approvers>",
            vec![unknown, missing],
        ),
        ("", "<aiflow:approvers><aiflow:superior level='0'/></aiflow:approvers>", vec![bad]),
        (
            "",
            "<aiflow:approvers><aiflow:expression>${</aiflow:expression></aiflow:approvers>",
            vec!["BAD_EXPRESSION"],
        ),
        ("", "<aiflow:policy nobody='no' disabled='x' more='y'/>", vec![bad, bad, unknown]),
        ("", "<aiflow:timeout/>", vec![missing, missing]),
        ("", "<aiflow:timeout after='soon' action='pass' times='99'/>", vec![bad, bad]),
        ("", "<aiflow:timeout after='P1D' business='true' action='pass'/>", vec![bad]),
        ("", "<aiflow:timeout after='PT0S' action='pass'/>", vec![bad]),
        ("", "<aiflow:policy/><aiflow:policy/>", vec![bad]),
    ] {
        assert_eq!(messages("", attributes, inside), expected, "{attributes} {inside}");
    }
    assert_eq!(messages("<aiflow:approvers/><aiflow:policy nobody='no'/>", "", ""), [unknown, bad]);
}
