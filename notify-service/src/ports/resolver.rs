//! Looks up the addresses of ERPs, and gives only those to which a push may go: the connection is
//! made to an address that was checked, whatever the name means a moment later.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::domain::network::Networks;

/// All addresses of a name are private, loopback or the like.
#[derive(Debug, thiserror::Error)]
#[error("its address is not public, and its network is not in erp.allowed_networks")]
pub(super) struct NotAdmitted;

/// Resolves names within the allowed networks.
pub(super) struct Guarded(pub(super) Arc<Networks>);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let networks = self.0.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let admitted: Vec<SocketAddr> =
                found.into_iter().filter(|address| networks.admit(address.ip())).collect();
            if admitted.is_empty() {
                return Err(NotAdmitted.into());
            }
            Ok(Box::new(admitted.into_iter()) as Addrs)
        })
    }
}
