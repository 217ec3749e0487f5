//! Tables of flow-service: one file per aggregate.

pub(crate) mod flows;
pub(crate) mod third_party;
