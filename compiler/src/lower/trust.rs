//! `trust { … }` in, supervisors out.

use agentos_grammar::{Span, ast};

use crate::{
    finding::{Finding, codes},
    ir,
};

/// How many levels an escalation may climb where the policy does not say.
const MAX_ESCALATION_DEPTH: u32 = 3;

/// Lowers one statement; several of a policy are joined.
pub(super) fn lower(
    trust: &ast::Trust,
    span: Span,
    earlier: Option<ir::Trust>,
    found: &mut Vec<Finding>,
) -> ir::Trust {
    let mut depth = MAX_ESCALATION_DEPTH;
    if let Some(written) = &trust.max_escalation_depth {
        match u32::try_from(written.node) {
            Ok(n) if n > 0 => depth = n,
            _ => found.push(
                Finding::new(
                    &codes::LIMIT_OUT_OF_RANGE,
                    written.span,
                    format!(
                        "`max_escalation_depth` takes a whole number above 0, not `{}`",
                        written.node
                    ),
                )
                .help("write how many levels an escalation may climb, such as 3"),
            ),
        }
    }
    let supervisors = trust
        .supervisors
        .iter()
        .map(|supervisor| ir::Supervisor {
            name: supervisor.name.clone(),
            level: supervisor.level.clone(),
            agent: supervisor.agent,
        })
        .collect();
    join(
        earlier,
        &ir::Trust {
            span,
            supervisors,
            max_escalation_depth: depth,
        },
    )
}

/// Both together: all supervisors, the smaller depth.
pub(super) fn join(earlier: Option<ir::Trust>, more: &ir::Trust) -> ir::Trust {
    let Some(mut trust) = earlier else {
        return more.clone();
    };
    trust.span = more.span;
    trust.max_escalation_depth = trust.max_escalation_depth.min(more.max_escalation_depth);
    trust.supervisors.extend(more.supervisors.iter().cloned());
    trust
}
