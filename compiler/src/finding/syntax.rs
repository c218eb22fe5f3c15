//! Mistakes that the grammar found to findings, each with its code.

use agentos_grammar::{SyntaxError, SyntaxErrorKind};

use super::{Finding, Lint, codes};

/// The finding that says what `error` says.
pub fn from_syntax(error: SyntaxError) -> Finding {
    let finding = Finding::new(lint(error.kind), error.span, error.message);
    let finding = match error.related {
        Some((span, text)) => finding.other(span, text),
        None => finding,
    };
    let finding = match error.help {
        Some(help) => finding.help(help),
        None => finding,
    };
    match error.edit {
        Some(edit) => finding.edit(*edit),
        None => finding,
    }
}

fn lint(kind: SyntaxErrorKind) -> &'static Lint {
    match kind {
        SyntaxErrorKind::Syntax => &codes::SYNTAX,
        SyntaxErrorKind::UnknownWord => &codes::UNKNOWN_WORD,
        SyntaxErrorKind::UnknownEffect => &codes::UNKNOWN_EFFECT,
        SyntaxErrorKind::UnknownOperator => &codes::UNKNOWN_OPERATOR,
        SyntaxErrorKind::UnknownKey => &codes::UNKNOWN_KEY,
        SyntaxErrorKind::MissingKey => &codes::MISSING_KEY,
        SyntaxErrorKind::DuplicateKey => &codes::DUPLICATE_KEY,
        SyntaxErrorKind::WrongShape => &codes::WRONG_SHAPE,
        SyntaxErrorKind::YamlTyping => &codes::YAML_TYPING,
        SyntaxErrorKind::TooLarge => &codes::TOO_LARGE,
    }
}

#[cfg(test)]
mod tests {
    use agentos_grammar::{Edit, SourceId, Span};

    use super::*;

    #[test]
    fn a_syntax_error_keeps_all_it_says() {
        let at = |start| Span::new(SourceId(0), start, start + 3);
        let finding = from_syntax(SyntaxError {
            kind: SyntaxErrorKind::DuplicateKey,
            span: at(9),
            message: "`about` twice".into(),
            help: Some("keep one".into()),
            related: Some((at(2), "first here".into())),
            edit: Some(Box::new(Edit {
                span: at(9),
                text: "about".into(),
            })),
        });
        assert_eq!(finding.lint.name, "duplicate-key");
        assert_eq!(
            (finding.primary.span, finding.message.as_str()),
            (at(9), "`about` twice")
        );
        assert_eq!(finding.secondary[0].span, at(2));
        assert_eq!(finding.help.as_deref(), Some("keep one"));
        assert_eq!(finding.rewrites[0].title, "write `about`");
    }
}
