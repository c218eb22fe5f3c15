//! agentos
