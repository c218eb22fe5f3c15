//! Says what the grammar expected where a text went wrong.
//!
//! pest tells the furthest place it came to and the rules it tried there. Their
//! names become words; what stands there instead is looked at for the usual
//! slips (another language's operator, a typo, a text without quotes), and the
//! likeliest is said.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use pest::error::{ErrorVariant, InputLocation};

use crate::ast::TimeUnit;
use crate::parse::Part;
use crate::parse::grammar::Rule;
use crate::parse::lex::{Kind, Lexed, Token};
use crate::span::Span;
use crate::words::{alternatives, nearest};
use crate::{Edit, SyntaxError, SyntaxErrorKind};

/// The words that begin a statement.
pub(super) const STATEMENTS: &[&str] = &[
    "allow",
    "audit",
    "defer",
    "escalate",
    "deny",
    "about",
    "extends",
    "default",
    "combine",
    "mode",
    "normalize",
    "limits",
    "action",
    "patterns",
    "limit",
    "intent",
    "trust",
    "expect",
];

/// The words that go on with a rule.
pub(crate) const CLAUSES: &[&str] = &[
    "on", "to", "when", "unless", "because", "suggest", "priority", "id", "severity", "help",
];

const CHECKS: &[&str] = &[
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "in",
    "not in",
    "contains",
    "starts with",
    "ends with",
    "matches",
    "like",
    "under",
];

/// Words that cannot start a field.
pub(crate) const CONDITION_WORDS: &[&str] = &[
    "and", "or", "not", "in", "exists", "any", "every", "intent", "true", "false",
];

/// The mistake at which reading `part` stopped.
pub(super) fn error(
    lexed: &Lexed<'_>,
    part: &Part<'_>,
    error: &pest::error::Error<Rule>,
) -> SyntaxError {
    let place = &part.place;
    let rules = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives.as_slice(),
        // Only pest's own guard of the stack says anything else.
        ErrorVariant::CustomError { .. } => {
            let span = Span::new(lexed.source, place.start, place.end);
            let message = "brackets too deep in each other for the stack of this thread".to_owned();
            return SyntaxError {
                kind: SyntaxErrorKind::TooLarge,
                span,
                message,
                help: None,
                related: None,
                edit: None,
            };
        }
    };
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => part.offset.of(at),
    };
    let index = lexed.index_at(at);
    let within =
        |token: &Token| (token.start as usize) >= place.start && (token.end as usize) <= place.end;
    let slip = Slip {
        lexed,
        rules,
        index,
        found: lexed.tokens.get(index).copied().filter(within),
        before: index
            .checked_sub(1)
            .and_then(|i| lexed.tokens.get(i))
            .copied()
            .filter(within),
    };
    slip.error(place)
}

struct Slip<'l, 't> {
    lexed: &'l Lexed<'t>,
    /// What was tried.
    rules: &'l [Rule],
    /// The first token not understood, counted in all tokens.
    index: usize,
    found: Option<Token>,
    before: Option<Token>,
}

impl Slip<'_, '_> {
    fn error(&self, place: &Range<usize>) -> SyntaxError {
        let Some(found) = self.found else {
            return self.cut_short(place);
        };
        let text = self.lexed.text_of(found);
        if self.expects(Rule::semi) && self.before.is_some() && STATEMENTS.contains(&text) {
            return self.cut_short(place);
        }
        self.wrong_word(found)
            .or_else(|| self.literal_on_the_left(found))
            .unwrap_or_else(|| {
                let message = format!(
                    "expected {}, found `{}`",
                    self.expected(),
                    self.lexed.shown(found)
                );
                let error = syntax(self.span(found), message, self.help(found));
                match self.instead(found) {
                    Some((span, text)) => error.edit(span, text),
                    None => error,
                }
            })
    }

    fn expects(&self, rule: Rule) -> bool {
        self.rules.contains(&rule)
    }

    fn span(&self, token: Token) -> Span {
        Span::new(self.lexed.source, token.start as usize, token.end as usize)
    }

    /// The text stops, or the next statement begins, where more was expected.
    fn cut_short(&self, place: &Range<usize>) -> SyntaxError {
        let Some(before) = self.before else {
            let span = Span::new(self.lexed.source, place.start, place.end);
            return syntax(
                span,
                format!("expected {}, found nothing", self.expected()),
                None,
            );
        };
        let expected = if self.expects(Rule::semi) {
            "`;`".to_owned()
        } else {
            self.expected()
        };
        let message = format!("expected {expected} after `{}`", self.lexed.shown(before));
        let span = self.span(before);
        let error = syntax(span, message, None);
        if self.expects(Rule::semi) {
            let end = span.end as usize;
            error.edit(Span::new(span.source, end, end), ";")
        } else {
            error
        }
    }

    /// A word or sign that is near one of those expected.
    fn wrong_word(&self, found: Token) -> Option<SyntaxError> {
        let text = self.lexed.text_of(found);
        if !matches!(found.kind, Kind::Word | Kind::Sign) {
            return None;
        }
        let words = self.rules.iter().flat_map(|rule| words(*rule));
        let near = nearest(text, words)?;
        let (kind, what) = if CHECKS.contains(&near) || found.kind == Kind::Sign {
            (SyntaxErrorKind::UnknownOperator, "operator")
        } else {
            (SyntaxErrorKind::UnknownWord, "word")
        };
        Some(SyntaxError {
            kind,
            span: self.span(found),
            message: format!("unknown {what} `{}`", self.lexed.shown(found)),
            help: Some(format!("did you mean `{near}`?")),
            related: None,
            edit: Some(Edit::boxed(self.span(found), near)),
        })
    }

    /// `1000 < amount`
    fn literal_on_the_left(&self, found: Token) -> Option<SyntaxError> {
        if !self.expects_condition() || !self.is_literal(found) {
            return None;
        }
        let text = self.lexed.text_of(found);
        let sign = self
            .lexed
            .tokens
            .get(self.index + 1)
            .map(|token| self.lexed.text_of(*token))?;
        let turned = match sign {
            "==" | "!=" => sign,
            "<" => ">",
            "<=" => ">=",
            ">" => "<",
            ">=" => "<=",
            "in" => "contains",
            _ => return None,
        };
        let field = self
            .lexed
            .tokens
            .get(self.index + 2)
            .filter(|token| token.kind == Kind::Word)?;
        let end = self.field_end(self.index + 2);
        let field = self.lexed.text.get(field.start as usize..end)?;
        let message = format!("a literal on the left of `{sign}`");
        let instead = format!("{field} {turned} {text}");
        let help = Some(format!("write `{instead}`"));
        let whole = Span::new(self.lexed.source, found.start as usize, end);
        Some(syntax(self.span(found), message, help).edit(whole, instead))
    }

    fn expects_condition(&self) -> bool {
        [
            Rule::condition,
            Rule::conjunction,
            Rule::negation,
            Rule::test,
            Rule::field,
        ]
        .iter()
        .any(|rule| self.expects(*rule))
    }

    fn is_literal(&self, token: Token) -> bool {
        matches!(token.kind, Kind::Text | Kind::Number)
            || matches!(self.lexed.text_of(token), "true" | "false")
    }

    /// Where the dotted field ends that starts with the token at `index`.
    fn field_end(&self, index: usize) -> usize {
        let mut end = 0;
        for token in self.lexed.tokens.get(index..).unwrap_or_default() {
            let glued = end == 0 || token.start as usize == end;
            let fits = token.kind == Kind::Word || self.lexed.text_of(*token) == ".";
            if !glued || !fits {
                break;
            }
            end = token.end as usize;
        }
        end
    }

    /// What to write instead, for slips that show.
    fn help(&self, found: Token) -> Option<String> {
        let text = self.lexed.text_of(found);
        let shown = self.lexed.shown(found);
        let before = self.before.map_or("", |token| self.lexed.text_of(token));
        let help = match text {
            "'" => "a text stands in double quotes".to_owned(),
            "#" => "a comment starts with `//`".to_owned(),
            "`" => "a text stands in double quotes, a name in none".to_owned(),
            "by" if before == "followed" => {
                "in a condition, write `(?!…)` at the end of the regex; `unless followed by` stands in pattern sets and intents"
                    .to_owned()
            }
            "=" if self.expects(Rule::colon) => "write `:` before a type".to_owned(),
            _ if self.expects(Rule::action_name) && CLAUSES.contains(&text) => {
                format!(
                    "name the actions first; an action called so stands in quotes: `\"{text}\"`"
                )
            }
            _ if self.expects_condition() && CONDITION_WORDS.contains(&text) => {
                format!("a param called so is `params.{text}`")
            }
            _ if self.expects(Rule::field) && CONDITION_WORDS.contains(&before) => {
                format!("a field follows `{before}`; a param called so is `params.{before}`")
            }
            _ if text.starts_with(|c: char| !c.is_ascii()) => {
                "a name outside quotes has ASCII letters, digits, `_` and `-` only".to_owned()
            }
            _ if found.kind == Kind::Word && self.duration_in_two(text) => {
                let unit = nearest(text, TimeUnit::WORDS.iter().copied())?;
                format!("write the duration as one: `{before}{unit}`")
            }
            _ if found.kind == Kind::Word
                && (self.expects(Rule::literal) || self.expects(Rule::string)) =>
            {
                format!("a text stands in quotes: `\"{shown}\"`")
            }
            _ => return None,
        };
        Some(help)
    }

    /// What to write where, for slips that are mended in one place.
    fn instead(&self, found: Token) -> Option<(Span, String)> {
        let text = self.lexed.text_of(found);
        let here = self.span(found);
        Some(match text {
            "#" => (here, "//".to_owned()),
            "=" if self.expects(Rule::colon) => (here, ":".to_owned()),
            _ if self.expects(Rule::action_name) && CLAUSES.contains(&text) => return None,
            _ if self.expects_condition() && CONDITION_WORDS.contains(&text) => return None,
            _ if found.kind == Kind::Word && self.duration_in_two(text) => {
                let unit = nearest(text, TimeUnit::WORDS.iter().copied())?;
                let number = self.before?;
                let whole = self.span(number).to(here);
                (whole, format!("{}{unit}", self.lexed.text_of(number)))
            }
            _ if found.kind == Kind::Word
                && (self.expects(Rule::literal) || self.expects(Rule::string)) =>
            {
                (here, format!("\"{text}\""))
            }
            _ => return None,
        })
    }

    /// `300 s`
    fn duration_in_two(&self, word: &str) -> bool {
        let after_number = self.before.is_some_and(|token| token.kind == Kind::Number);
        let takes_one = self.expects(Rule::semi) || self.expects(Rule::duration);
        let unit = TimeUnit::WORDS.contains(&word)
            || nearest(word, TimeUnit::WORDS.iter().copied()).is_some();
        after_number && takes_one && unit
    }

    /// "a field, `not` or `(`"
    fn expected(&self) -> String {
        // A regex and the word `patterns` are said together with the name of a set.
        let set = self.expects(Rule::set_name);
        let said = |rule: &&Rule| !(set && matches!(rule, Rule::string | Rule::kw_patterns));
        let mut rules: Vec<Rule> = self.rules.iter().filter(said).copied().collect();
        rules.sort_by_key(|rule| match rule {
            Rule::semi | Rule::close | Rule::close_list | Rule::EOI => 1,
            // Its own `or` is clearest at the end.
            Rule::clause | Rule::check => 2,
            _ => 0,
        });
        let mut parts: Vec<String> = Vec::new();
        for rule in rules {
            let part = name(rule);
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        alternatives(&parts)
    }
}

fn syntax(span: Span, message: String, help: Option<String>) -> SyntaxError {
    SyntaxError {
        kind: SyntaxErrorKind::Syntax,
        span,
        message,
        help,
        related: None,
        edit: None,
    }
}

/// The fixed words that stand for a rule.
fn words(rule: Rule) -> Vec<&'static str> {
    match fixed(rule) {
        [] => keyword(rule).into_iter().collect(),
        words => words.to_vec(),
    }
}

/// The words of a rule that begins with one of several.
pub(super) fn fixed(rule: Rule) -> &'static [&'static str] {
    match rule {
        Rule::clause => CLAUSES,
        Rule::check => CHECKS,
        Rule::limit_value => &["true", "false"],
        Rule::negation | Rule::conjunction | Rule::condition => {
            &["not", "exists", "any", "every", "intent"]
        }
        Rule::supervisor | Rule::escalation_depth | Rule::lone_trust_entry => {
            &["supervisor", "max_escalation_depth"]
        }
        _ => &[],
    }
}

/// The word that a rule named `kw_…` is.
pub(super) fn keyword(rule: Rule) -> Option<&'static str> {
    static WORDS: LazyLock<HashMap<Rule, String>> = LazyLock::new(|| {
        let rules = Rule::all_rules().iter();
        let words = rules.filter_map(|rule| {
            let name = format!("{rule:?}");
            Some((*rule, name.strip_prefix("kw_")?.to_owned()))
        });
        words.collect()
    });
    WORDS.get(&rule).map(String::as_str)
}

/// A rule as a message names it.
fn name(rule: Rule) -> String {
    if let Some(word) = keyword(rule) {
        return format!("`{word}`");
    }
    match rule {
        Rule::EOI => "the end",
        Rule::comma => "`,`",
        Rule::colon => "`:`",
        Rule::question => "`?`",
        Rule::open_list | Rule::literals => "`[`",
        Rule::close_list => "`]`",
        Rule::open_group => "`(`",
        Rule::close_group => "`)`",
        Rule::open => "`{`",
        Rule::close => "`}`",
        Rule::semi => "`;`",
        Rule::version => "a version in quotes",
        Rule::string | Rule::explanation => "a text in quotes",
        Rule::number => "a number",
        Rule::duration => "a duration such as `60m`",
        Rule::literal => "a text in quotes, a number, `true` or `false`",
        Rule::limit_value => "a number, a duration, `true` or `false`",
        Rule::action_name | Rule::action_names => "the name of an action",
        Rule::param_type | Rule::type_word => "a type",
        Rule::clause => "a clause such as `when` or `because`",
        Rule::check => "a test such as `==`, `in` or `matches`",
        Rule::comparator => "an operator such as `==`",
        Rule::matches | Rule::set_name => "a regex in quotes or the name of a pattern set",
        Rule::condition | Rule::conjunction | Rule::negation => "a condition",
        Rule::test | Rule::field => "a field",
        Rule::effect | Rule::rate_answer => "an effect",
        Rule::pattern | Rule::pattern_kind | Rule::lone_pattern => "`substring`, `regex` or `glob`",
        Rule::supervisor | Rule::escalation_depth | Rule::lone_trust_entry => {
            "`supervisor` or `max_escalation_depth`"
        }
        Rule::default_answer => "`deny`, `allow` or `abstain`",
        Rule::combine_way => "`strictest` or `priority`",
        Rule::mode_word => "`enforce` or `shadow`",
        Rule::stage => "`input`, `call` or `output`",
        Rule::severity_word => "`info`, `low`, `medium`, `high` or `critical`",
        Rule::rate_unit => "`millisecond`, `second`, `minute`, `hour` or `day`",
        Rule::rate_scope => "`agent` or `tenant`",
        Rule::lookahead => "`unless followed by`",
        Rule::param => "a param such as `amount: decimal`",
        Rule::name => "a name",
        _ => "a statement",
    }
    .to_owned()
}
