//! A table in, decisions about requests out: [`Engine`].

use std::{borrow::Cow, cell::Cell, collections::HashMap};

use bytes::Bytes;

#[cfg(feature = "artifact")]
use crate::artifact;
use crate::{
    condition::{Buffers, Look},
    decide::Deciding,
    decision::{Cause, Decision},
    prepare::{TableError, prepare},
    prepared::Policy,
    request::Request,
    table::{Mode, Table},
    text::KEPT_CAPACITY,
};

/// The policies of a table, ready for requests. It owns what it needs, and may
/// be asked from many threads at once.
///
/// ```
/// use agentos_runtime::{Effect, Engine, Request, table::Table};
///
/// let engine = Engine::new(&Table { sources: (&[]).into(), policies: (&[]).into() })?;
/// // Without a policy, nothing is permitted.
/// assert_eq!(engine.decide(&Request::new("a1", "read_file")).effect(), Effect::Deny);
/// # Ok::<(), agentos_runtime::TableError>(())
/// ```
pub struct Engine {
    pub(crate) sources: Box<[Box<str>]>,
    pub(crate) policies: Box<[Policy]>,
    by_name: HashMap<Box<str>, usize>,
    /// Why it denies everything, where it was made of a broken table.
    pub(crate) broken: Option<TableError>,
}

thread_local! {
    static BUFFERS: Cell<Option<Box<Buffers>>> = const { Cell::new(None) };
}

impl Engine {
    /// Makes a table ready, and checks it. What finds its patterns is copied.
    ///
    /// # Errors
    ///
    /// What is wrong with the table.
    pub fn new(table: &Table<'_>) -> Result<Engine, TableError> {
        Engine::holding(table, &|matchers| Bytes::copy_from_slice(matchers))
    }

    /// The same without a copy: the table is part of the program.
    pub(crate) fn of_static(table: &Table<'static>) -> Result<Engine, TableError> {
        Engine::holding(table, &|matchers| match matchers {
            Cow::Borrowed(matchers) => Bytes::from_static(matchers),
            Cow::Owned(matchers) => Bytes::copy_from_slice(matchers),
        })
    }

    /// Opens an artifact. Nothing is built, and what finds patterns is used where
    /// it stands: bytes that are owned, or part of the program, are not copied.
    ///
    /// ```
    /// # use agentos_runtime::{Effect, Engine, Request, artifact, table::Table};
    /// # let table = Table { sources: (&[]).into(), policies: (&[]).into() };
    /// # let file = artifact::write(&table)?;
    /// let engine = Engine::open(file)?;
    /// assert_eq!(engine.decide(&Request::new("a1", "read_file")).effect(), Effect::Deny);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What is wrong with the artifact, or with the table in it.
    #[cfg(feature = "artifact")]
    pub fn open(artifact: impl Into<Bytes>) -> Result<Engine, artifact::OpenError> {
        let artifact = artifact.into();
        let table = artifact::read(&artifact)?;
        let engine = Engine::holding(&table, &|matchers| {
            // Where they stand in the artifact.
            let start = (matchers.as_ptr() as usize).wrapping_sub(artifact.as_ptr() as usize);
            let end = start.saturating_add(matchers.len());
            if matches!(matchers, Cow::Borrowed(_)) && end <= artifact.len() {
                artifact.slice(start..end)
            } else {
                Bytes::copy_from_slice(matchers)
            }
        });
        Ok(engine?)
    }

    fn holding<'t>(
        table: &Table<'t>,
        hold: &dyn Fn(&Cow<'t, [u8]>) -> Bytes,
    ) -> Result<Engine, TableError> {
        let policies = prepare(table, hold)?;
        let mut by_name = HashMap::new();
        for (position, policy) in policies.iter().enumerate() {
            if by_name.insert(policy.name.clone(), position).is_some() {
                return Err(TableError::DuplicatePolicy {
                    policy: policy.name.to_string(),
                });
            }
        }
        let sources = table
            .sources
            .iter()
            .map(|source| Box::from(source.name))
            .collect();
        Ok(Engine {
            sources,
            policies: policies.into(),
            by_name,
            broken: None,
        })
    }

    /// An engine that denies everything.
    pub(crate) fn broken(error: TableError) -> Engine {
        Engine {
            sources: Box::default(),
            policies: Box::default(),
            by_name: HashMap::new(),
            broken: Some(error),
        }
    }

    /// Answers a request. The same request has the same answer, whatever was
    /// asked before; where nothing forbids, nothing is allocated.
    pub fn decide(&self, request: &Request<'_>) -> Decision<'_> {
        with_buffers(|buffers| self.decide_with(request, buffers))
    }

    fn decide_with(&self, request: &Request<'_>, buffers: &mut Buffers) -> Decision<'_> {
        if self.policies.is_empty() {
            return Decision::refused(if self.broken.is_some() {
                Cause::BrokenTable
            } else {
                Cause::NoPolicies
            });
        }
        let unknown = request
            .policies
            .iter()
            .position(|name| !self.by_name.contains_key(&**name));
        if let Some(position) = unknown {
            return Decision::refused(Cause::UnknownPolicy { position });
        }
        let mut deciding = Deciding::new(request, buffers);
        for policy in self.applying(request) {
            if deciding.ask(policy) {
                break;
            }
        }
        deciding.finish()
    }

    /// The policies that a request is judged by, in order: those it names, else
    /// all that no other one extends. A name that stands twice counts once.
    pub(crate) fn applying(&self, request: &Request<'_>) -> impl Iterator<Item = &Policy> {
        let all = if request.policies.is_empty() {
            &*self.policies
        } else {
            &[]
        };
        let named = request
            .policies
            .iter()
            .enumerate()
            .filter_map(|(at, name)| {
                let is_first = !request
                    .policies
                    .iter()
                    .take(at)
                    .any(|before| before == name);
                self.by_name.get(&**name).filter(|_| is_first)
            });
        all.iter()
            .filter(|policy| !policy.base)
            .chain(named.filter_map(|position| self.policies.get(*position)))
    }

    /// Looks at a request for each policy that judges it; not for one whose
    /// declarations the request breaks.
    pub(crate) fn look<'e>(
        &'e self,
        request: &Request<'_>,
        mut see: impl FnMut(&'e Policy, Option<Look<'e, '_>>),
    ) {
        with_buffers(|buffers| {
            buffers.new_request();
            for policy in self.applying(request) {
                buffers.new_policy();
                let shape = policy.shape(request);
                let is_broken = shape.is_some_and(|shape| shape.mismatch(request).is_some());
                let look = Look {
                    policy,
                    request,
                    shape,
                    buffers,
                    through: false,
                };
                see(policy, (!is_broken).then_some(look));
            }
        });
    }

    /// Whether a policy of that name holds anybody back, or only reports. Its
    /// decisions are the same: what is done with them is the caller's.
    pub fn mode(&self, policy: &str) -> Option<Mode> {
        let position = self.by_name.get(policy)?;
        self.policies.get(*position).map(|policy| policy.mode)
    }

    /// The names of its policies, in the order of the table.
    pub fn policies(&self) -> impl ExactSizeIterator<Item = &str> {
        self.policies.iter().map(|policy| &*policy.name)
    }
}

/// Lends the buffers of this thread; new ones where they are lent already or gone.
pub(crate) fn with_buffers<T>(ask: impl FnOnce(&mut Buffers) -> T) -> T {
    let mut buffers = BUFFERS
        .try_with(Cell::take)
        .ok()
        .flatten()
        .unwrap_or_default();
    let answer = ask(&mut buffers);
    if buffers.searching.small.capacity() > KEPT_CAPACITY {
        buffers.searching.small = String::new();
    }
    // A thread that is ending has nowhere to keep them.
    let _ = BUFFERS.try_with(|kept| kept.set(Some(buffers)));
    answer
}
