//! A house in memory behind HTTP, with the addresses and signatures of the real one: what the
//! driver over HTTP is tried on.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use conformance::corpus::Variables;
use conformance::driver::{Driver as _, Task};
use conformance::house::House;
use serde_json::{Value, json};
use shared::sign::Envelope;

pub(crate) const SECRET: &str = "a secret of the conformance test";

struct Served {
    house: House,
    seen: Instant,
}

/// Serves until the test ends; the address.
pub(crate) fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let served = Arc::new(Mutex::new(Served { house: House::new(), seen: Instant::now() }));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let served = served.clone();
            std::thread::spawn(move || converse(stream.unwrap(), &served));
        }
    });
    base
}

fn converse(stream: TcpStream, served: &Mutex<Served>) -> Option<()> {
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if line.trim().is_empty() {
                break;
            }
            head.push(line.trim().to_owned());
        }
        let header = |name: &str| {
            let found = head.iter().find(|line| line.to_lowercase().starts_with(name));
            found.and_then(|line| line.split_once(": ")).map(|(_, value)| value.to_owned())
        };
        let length = header("content-length").and_then(|it| it.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let line = head.first()?.trim_end_matches(" HTTP/1.1").to_owned();
        let envelope = Envelope::parse(&header("a-signature")?).unwrap();
        let is_ours = envelope.proves(SECRET, &body) && envelope.target.as_deref() == Some(&*line);
        let body = serde_json::from_slice(&body).unwrap_or_default();
        let answer = match is_ours {
            true => answer(served, &line, &body),
            false => Err("签名不正确".to_owned()),
        };
        let answer = match answer {
            Ok(data) => json!({"status": 0, "msg": "ok", "data": data}),
            Err(why) => json!({"status": -4002, "msg": "refused", "data": {"errorMessage": why}}),
        };
        let text = answer.to_string();
        write!(writer, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}", text.len()).ok()?;
    }
}

fn answer(served: &Mutex<Served>, line: &str, body: &Value) -> Result<Value, String> {
    let mut served = served.lock().unwrap();
    let passed = served.seen.elapsed();
    served.seen = Instant::now();
    let house = &mut served.house;
    house.pass(passed)?;
    let (target, query) = line.split_once('?').unwrap_or((line, ""));
    let (which, id) = query.split_once('=').unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let variables: Variables = body
        .get("variables")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, it)| (name.clone(), it.clone()))
        .collect();
    let history = house.history()?;
    let theirs = |order: &str| match which {
        "processId" => history.order(order).is_some_and(|it| it.process == id),
        _ => order == id,
    };
    match target {
        "POST /aflow/api/flow/create" => {
            house.create(&text("flowCode"), &text("bpmnXml")).map(|()| json!({"flowVersion": 1}))
        }
        "POST /aflow/api/flow/publish" => house.publish(&text("flowCode")).map(|()| json!({})),
        "POST /aflow/api/order/start" => {
            house.start(&text("processId"), &variables).map(|order| json!({"orderId": order}))
        }
        "GET /aflow/api/order/tasks" => Ok(house
            .tasks()?
            .iter()
            .filter(|task| theirs(&task.order))
            .map(|task| {
                json!({"taskId": format!("{}-{}", task.order, task.id), "orderId": task.order,
                       "activityId": task.activity, "createdSeq": task.created})
            })
            .collect()),
        "POST /aflow/api/task/complete" => {
            let (order, id) = text("taskId").split_once('-').map(own).unwrap_or_default();
            let task = Task { id, order, activity: String::new(), created: 0 };
            let error = body.get("bpmnErrorCode").and_then(Value::as_str);
            house.complete(&task, &variables, error).map(|()| json!({}))
        }
        "POST /aflow/api/flow/message" => {
            house.message(&text("name"), &variables).map(|()| json!({}))
        }
        "GET /aflow/api/order/variables" => house.variables(id).map(|it| json!({"variables": it})),
        "GET /aflow/api/order/history" => Ok(json!({
            "records": history.records.iter().filter(|it| theirs(&it.order))
                .map(|it| json!({"seq": it.seq, "orderId": it.order, "activityId": it.activity, "event": it.event}))
                .collect::<Vec<_>>(),
            "orders": history.orders.iter().filter(|it| theirs(&it.id))
                .map(|it| json!({"orderId": it.id, "processId": it.process, "state": it.state}))
                .collect::<Vec<_>>(),
        })),
        other => Err(format!("{other} is not served here")),
    }
}

fn own((a, b): (&str, &str)) -> (String, String) {
    (a.to_owned(), b.to_owned())
}
