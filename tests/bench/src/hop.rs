//! What a hop in front of a service costs: the gateway, and nginx as a plain reverse proxy.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use shared::id::{AppId, Tenant};
use shared::identity::{Actor, Caller, IDENTITY_HEADER};
use shared::sign::Envelope;

use crate::house::{House, Running, free_address};
use crate::load::{Signer, Source, Wire, write};
use crate::proc::Who;

/// A small read that finds nothing: the less the service does, the better the hop is seen.
const PATH: &str = "/aflow/api/task/summary?userCode=NOBODY";

/// The read as an application signs it.
pub(crate) fn signed(erp: &Signer) -> Source {
    let mut request = Vec::new();
    erp.write("GET", PATH, b"", &mut request);
    Arc::new(move |_, into| into.extend_from_slice(&request))
}

/// The read as the gateway passes it on.
pub(crate) fn direct(erp: &Signer) -> anyhow::Result<Source> {
    let actor = Actor::Application { app: AppId::stored(erp.app.as_str()), any_order: false };
    let caller = Caller { tenant: Tenant::stored(erp.tenant.as_str()), actor };
    let token = House::keys().issue(&caller)?;
    let mut request = Vec::new();
    write("GET", PATH, (IDENTITY_HEADER, &token), b"", &mut request);
    Ok(Arc::new(move |_, into| into.extend_from_slice(&request)))
}

/// Microseconds to check the read's signature as the gateway does: decode, parse, two HMACs.
pub(crate) fn proof_micros(erp: &Signer) -> anyhow::Result<f64> {
    const ROUNDS: u32 = 20_000;
    let header = erp.header("GET", PATH, b"");
    let began = Instant::now();
    for _ in 0..ROUNDS {
        let envelope = Envelope::parse(std::hint::black_box(&header))?;
        let proven = [erp.secret.as_str(); 2].map(|secret| envelope.proves(secret, b""));
        std::hint::black_box(proven);
    }
    Ok(began.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS))
}

/// A running nginx; killed alone, its master would leave the workers behind.
pub(crate) struct Nginx(Running);

impl Drop for Nginx {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// nginx in front of task-service, where it is installed.
pub(crate) async fn start_nginx(house: &mut House) -> anyhow::Result<Option<(SocketAddr, Nginx)>> {
    let folder = house.folder.join("nginx");
    fs::create_dir_all(&folder)?;
    let address = free_address()?;
    let file = folder.join("nginx.conf");
    fs::write(&file, configuration(&folder, address, house.address("task")))?;
    let mut command = Command::new("nginx");
    command.arg("-e").arg(folder.join("error.log")).arg("-p").arg(&folder).arg("-c").arg(&file);
    let Ok(running) = Running::start(&mut command, &folder.join("out.log")) else {
        return Ok(None);
    };
    let began = Instant::now();
    while Wire::open(address).await.is_err() {
        if began.elapsed() > Duration::from_secs(5) {
            let said = fs::read_to_string(folder.join("out.log")).unwrap_or_default();
            return Err(anyhow::anyhow!("{said}")).context("nginx does not listen");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    house.watch.add("nginx", Who::Family(running.pid()));
    Ok(Some((address, Nginx(running))))
}

/// As many workers as the gateway has, kept connections on both sides, no log.
fn configuration(folder: &Path, address: SocketAddr, service: SocketAddr) -> String {
    let folder = folder.display();
    format!(
        "daemon off;\nuser root;\nworker_processes 2;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n\
         events {{ worker_connections 1024; }}\n\
         http {{\n  access_log off;\n  keepalive_requests 1000000000;\n\
         \x20 client_body_temp_path {folder}/body;\n  proxy_temp_path {folder}/proxy;\n\
         \x20 fastcgi_temp_path {folder}/fastcgi;\n  uwsgi_temp_path {folder}/uwsgi;\n  scgi_temp_path {folder}/scgi;\n\
         \x20 upstream task {{ server {service}; keepalive 128; keepalive_requests 1000000000; }}\n\
         \x20 server {{\n    listen {address};\n\
         \x20   location / {{ proxy_pass http://task; proxy_http_version 1.1; proxy_set_header Connection \"\"; }}\n\
         \x20 }}\n}}\n"
    )
}
