//! `/docs`: the interface description, joined from what each service says of itself.

use std::fmt::Write;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use awc::Client;
use serde_json::{Map, Value, json};
use shared::http::openapi::PATH;

use crate::door::Door;
use crate::routes::{Found, Who};
use crate::web;

/// `/docs`: a page for people, JSON for programs.
pub(crate) async fn page(
    request: HttpRequest,
    door: Data<Door>,
    client: Data<Client>,
) -> HttpResponse {
    let document = joined(&door, &client).await;
    if !web::is_wanted(&request) {
        return HttpResponse::Ok().json(document);
    }
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"))
        .body(render(&document))
}

/// `/docs/openapi.json`
pub(crate) async fn openapi(door: Data<Door>, client: Data<Client>) -> HttpResponse {
    HttpResponse::Ok().json(joined(&door, &client).await)
}

/// Paths and schemas of all services in one OpenAPI 3.1 document.
async fn joined(door: &Door, client: &Client) -> Value {
    let services = &door.services;
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for base in [&services.sync, &services.flow, &services.task, &services.sso, &services.notify] {
        // A service that is away leaves its part out; the rest can still be read.
        let Some(part) = ask(client, base).await else { continue };
        for (from, into) in [("/paths", &mut paths), ("/components/schemas", &mut schemas)] {
            if let Some(Value::Object(members)) = part.pointer(from) {
                into.extend(members.clone());
            }
        }
    }
    // Administration is not reached through this door.
    paths.retain(|path, _| !path.starts_with("/aflow/api/admin/"));
    for (path, methods) in &mut paths {
        for (method, operation) in methods.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                operation.insert("security".to_owned(), security(door, method, path));
            }
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "aiflow",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every answer is {status, msg, data}; schemas below describe `data`. Requests of applications carry one header, A-Signature; people have a session, as a cookie (writes then need the header X-CSRF-Token) or as a bearer. Times are yyyy-MM-dd HH:mm:ss in Asia/Shanghai.",
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "signature": {"type": "apiKey", "in": "header", "name": "A-Signature"},
                "session": {"type": "apiKey", "in": "cookie", "name": door.session_cookie},
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
        },
        "security": [{"signature": []}],
        "paths": paths,
    })
}

/// Who may call an address, as the table of the door has it.
fn security(door: &Door, method: &str, path: &str) -> Value {
    let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap_or_default();
    match door.table.find(&method, path) {
        Found::Route(route) if route.who == Who::Anyone => json!([]),
        Found::Route(route) if route.who == Who::Both => {
            json!([{"signature": []}, {"session": []}, {"bearer": []}])
        }
        Found::Route(_) | Found::OtherMethod(_) | Found::Nothing => json!([{"signature": []}]),
    }
}

async fn ask(client: &Client, base: &str) -> Option<Value> {
    let asked = client.get(format!("{base}{PATH}")).timeout(Duration::from_secs(3)).send().await;
    let described = match asked {
        Ok(mut answer) => {
            answer.json().limit(4 * 1024 * 1024).await.map_err(|cause| cause.to_string())
        }
        Err(cause) => Err(cause.to_string()),
    };
    described
        .inspect_err(|cause| tracing::warn!(cause, base, "a service did not describe itself"))
        .ok()
}

/// A plain page: addresses by group with their description, parameters and bodies.
fn render(document: &Value) -> String {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>aiflow API</title><style>\
         body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
         h2{margin:2rem 0 .3rem;font-size:1.05rem}code{background:#eee;padding:.1rem .3rem}\
         table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.2rem .6rem;text-align:left}\
         </style><h1>aiflow API</h1><p>Machine-readable: <a href=\"/docs/openapi.json\">openapi.json</a> (OpenAPI 3.1).</p>",
    );
    let empty = Map::new();
    for (path, methods) in document["paths"].as_object().unwrap_or(&empty) {
        for (method, operation) in methods.as_object().unwrap_or(&empty) {
            let text = |name: &str| escape(operation[name].as_str().unwrap_or_default());
            let _ = write!(
                page,
                "<h2><code>{} {}</code></h2><p>{} {}</p>",
                method.to_uppercase(),
                escape(path),
                text("summary"),
                text("description")
            );
            let body = operation.pointer("/requestBody/content/application~1json/schema");
            for (title, schema) in [
                ("Body", body),
                ("data", operation.pointer("/responses/200/content/application~1json/schema")),
            ] {
                if let Some(schema) = schema {
                    render_schema(&mut page, title, schema, document);
                }
            }
        }
    }
    page
}

fn render_schema(page: &mut String, title: &str, schema: &Value, document: &Value) {
    let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    let Some(name) = name else { return };
    let Some(Value::Object(fields)) =
        document.pointer(&format!("/components/schemas/{name}/properties"))
    else {
        return;
    };
    let _ = write!(page, "<table><tr><th colspan=3>{title}: {}</th></tr>", escape(name));
    for (field, about) in fields {
        let kind = match (&about["type"], &about["$ref"]) {
            (Value::Null, Value::String(reference)) => {
                reference.rsplit('/').next().unwrap_or_default().to_owned()
            }
            (kind, _) => kind.to_string().replace(['"', '[', ']'], "").replace(',', " | "),
        };
        let description = about["description"].as_str().unwrap_or_default();
        let _ = write!(
            page,
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
            escape(field),
            escape(&kind),
            escape(description)
        );
    }
    page.push_str("</table>");
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
