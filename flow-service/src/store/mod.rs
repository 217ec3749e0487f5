//! Tables of flow-service: one file per aggregate.

pub(crate) mod definitions;
pub(crate) mod flows;
pub(crate) mod forms;
pub(crate) mod third_party;
