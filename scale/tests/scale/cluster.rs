//! The plan on a scheduler and an executor of Ballista, in this process.

use std::{fs, sync::Arc};

use agentos_scale::{PolicyCodec, log::register_logs, register, replay};
use ballista::prelude::{SessionConfigExt as _, SessionContextExt as _};
use ballista_core::serde::{BallistaLogicalExtensionCodec, BallistaPhysicalExtensionCodec};
use datafusion::{
    execution::SessionStateBuilder,
    prelude::{SessionConfig, SessionContext},
};
use datafusion_proto::{
    logical_plan::LogicalExtensionCodec, physical_plan::PhysicalExtensionCodec,
};

#[tokio::test(flavor = "multi_thread")]
async fn executors_decide_as_one_process_does() {
    let folder = tempfile::tempdir().unwrap();
    let mut logs = Vec::new();
    for name in ["a.jsonl", "b.jsonl", "c.jsonl"] {
        let log = folder.path().join(name);
        fs::write(&log, crate::LOG).unwrap();
        logs.push(log.display().to_string());
    }
    let policies = crate::policies();

    let here = SessionContext::new();
    let logical: Arc<dyn LogicalExtensionCodec> =
        Arc::new(BallistaLogicalExtensionCodec::default());
    let physical: Arc<dyn PhysicalExtensionCodec> =
        Arc::new(BallistaPhysicalExtensionCodec::default());
    let config = SessionConfig::new_with_ballista()
        .with_target_partitions(3)
        .with_ballista_logical_extension_codec(Arc::new(PolicyCodec::over(logical)))
        .with_ballista_physical_extension_codec(Arc::new(PolicyCodec::over(physical)));
    // The cluster starts with the codecs alone: no function is registered there.
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_default_features()
        .build();
    let there = SessionContext::standalone_with_state(state).await.unwrap();

    let mut outcomes = Vec::new();
    for context in [here, there] {
        register(&context, &policies);
        register_logs(&context, "log", &logs).await.unwrap();
        let frame = context.sql(&replay::sql("log", true, true)).await.unwrap();
        let batches = frame.collect().await.unwrap();
        let outcome = replay::outcome(&batches, &policies, "log").unwrap();
        outcomes.push(serde_json::to_string_pretty(&outcome).unwrap());
    }
    assert!(outcomes[0].contains("\"requests\": 12"), "{}", outcomes[0]);
    assert!(outcomes[0].contains("\"unreadable\": 3"), "{}", outcomes[0]);
    assert_eq!(outcomes[0], outcomes[1]);
}
