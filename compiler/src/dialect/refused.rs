//! Dialects that are recognised and not read, each with what it rests on.

use agentos_grammar::yaml::Node;

use crate::finding::{Finding, codes};

/// A dialect that is not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// What the docs call it.
    pub(super) name: &'static str,
    /// The key it is recognised by.
    key: &'static str,
    /// A key that has to stand beside it, or in its rules.
    beside: Beside,
    /// What it is and what it rests on.
    message: &'static str,
    /// What to do instead.
    help: &'static str,
}

#[derive(Debug, PartialEq, Eq)]
enum Beside {
    Nothing,
    /// This key with a list under it.
    List(&'static str),
    /// `key` stands in an element of this list.
    In(&'static str),
    /// `key` says this.
    Says(&'static str),
}

/// All of them; the first that fits counts.
static ALL: [Refused; 9] = [
    Refused {
        name: "control manifest",
        key: "agent_control_specification_version",
        beside: Beside::Nothing,
        message: "an agent control manifest is not read: its decisions are made by Rego, Cedar or code that it points to",
        help: "keep it with the engine it was made for, or write its decisions as rules",
    },
    Refused {
        name: "federation policy",
        key: "kind",
        beside: Beside::Says("FederationPolicy"),
        message: "a federation policy is not read: it says whose keys identify agents, and judges no action",
        help: "keep it with the registry it was made for",
    },
    Refused {
        name: "SQL policy",
        key: "sql_policy",
        beside: Beside::Nothing,
        message: "an SQL policy is not read: it names kinds of statements, which only a parser of SQL can see",
        help: "write its patterns as rules: `deny * when text matches r\"…\"`",
    },
    Refused {
        name: "detectors",
        key: "detection_patterns",
        beside: Beside::Nothing,
        message: "detectors of prompt injection are not read: their patterns are summed up by thresholds of their own",
        help: "write their patterns as signals of an intent, or as rules `on input`",
    },
    Refused {
        name: "sandbox",
        key: "sandbox",
        beside: Beside::Nothing,
        message: "a sandbox's settings are not read: they take modules and builtins from Python code, and judge no action",
        help: "keep them with the sandbox they were made for",
    },
    Refused {
        name: "marketplace",
        key: "mcp_servers",
        beside: Beside::Nothing,
        message: "a marketplace's policy is not read: it judges plugins when they are installed, not actions",
        help: "keep it with the marketplace it was made for",
    },
    Refused {
        name: "proxy rules",
        key: "tool",
        beside: Beside::In("rules"),
        message: "rules of an MCP proxy are not read: their conditions on params and their rates are its own",
        help: "write them as rules: `deny run_shell;`, `allow read_file unless path contains \".env\"`",
    },
    Refused {
        name: "tool lists",
        key: "blocked_tools",
        beside: Beside::Nothing,
        message: "lists of tools and patterns over arguments are not read: which of them wins is their host's own",
        help: "write them as rules: `allow search_web, \"search_*\"; deny \"rm_*\";`",
    },
    Refused {
        name: "agent configuration",
        key: "agent_id",
        beside: Beside::List("policies"),
        message: "an agent's configuration is not read: it names policies and holds none",
        help: "give the policies that it names",
    },
];

/// The refused dialect that `document` is in.
pub(super) fn of(document: &Node) -> Option<&'static Refused> {
    ALL.iter().find(|refused| refused.place(document).is_some())
}

impl Refused {
    /// The key that the dialect is recognised by, where it stands.
    fn place<'n>(&self, document: &'n Node) -> Option<&'n Node> {
        let here = || document.entry(self.key);
        let entry = match self.beside {
            Beside::Nothing => here(),
            Beside::List(other) => here().filter(|_| {
                document
                    .get(other)
                    .is_some_and(|it| it.as_sequence().is_some())
            }),
            Beside::Says(text) => here().filter(|entry| entry.value.as_str() == Some(text)),
            Beside::In(list) => document
                .get(list)?
                .as_sequence()?
                .iter()
                .find_map(|element| element.entry(self.key)),
        };
        entry.map(|entry| &entry.key)
    }

    /// The finding that refuses `document`.
    pub(super) fn finding(&self, document: &Node) -> Finding {
        let span = self.place(document).map_or(document.span, |key| key.span);
        let finding = Finding::new(&codes::REFUSED_DIALECT, span, self.message)
            .label(format!("this makes it {}", self.name))
            .help(self.help);
        // The first place at which another engine is called, for those that call one.
        let engines = document
            .get("policies")
            .and_then(Node::as_mapping)
            .unwrap_or_default();
        match engines.iter().find_map(|entry| entry.value.get("type")) {
            Some(engine) if self.name == "control manifest" => {
                finding.other(engine.span, "decided here")
            }
            _ => finding,
        }
    }
}
