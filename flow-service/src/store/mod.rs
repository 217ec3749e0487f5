//! Tables of flow-service: one file per aggregate.

pub(crate) mod third_party;
