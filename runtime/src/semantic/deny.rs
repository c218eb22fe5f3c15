//! Which categories are denied: [`DenySet`].

use super::SemanticError;
use crate::table::Category;

/// Categories that are denied; never none of them.
///
/// ```
/// use agentos_runtime::{DenySet, IntentCategory};
///
/// let deny = DenySet::new([IntentCategory::DataRead])?;
/// assert!(deny.contains(IntentCategory::DataRead));
/// assert!(DenySet::new([]).is_err());
/// # Ok::<(), agentos_runtime::SemanticError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DenySet(u16);

impl DenySet {
    /// What is denied where nobody says otherwise: the five dangerous categories.
    pub const DANGEROUS: DenySet = DenySet(
        bit(Category::DestructiveData)
            | bit(Category::DataExfiltration)
            | bit(Category::PrivilegeEscalation)
            | bit(Category::SystemModification)
            | bit(Category::CodeExecution),
    );

    /// These categories.
    ///
    /// # Errors
    ///
    /// There are none: a set that denies nothing is an oversight.
    pub fn new(categories: impl IntoIterator<Item = Category>) -> Result<DenySet, SemanticError> {
        let bits = categories
            .into_iter()
            .fold(0, |bits, category| bits | bit(category));
        if bits == 0 {
            return Err(SemanticError::EmptyDeny);
        }
        Ok(DenySet(bits))
    }

    /// Whether a category is one of them.
    pub const fn contains(self, category: Category) -> bool {
        self.0 & bit(category) != 0
    }
}

impl Default for DenySet {
    fn default() -> DenySet {
        DenySet::DANGEROUS
    }
}

const fn bit(category: Category) -> u16 {
    1 << category as u16
}

impl Category {
    /// Whether a call of this category does harm: it is denied where nobody says
    /// what to deny.
    pub const fn is_dangerous(self) -> bool {
        DenySet::DANGEROUS.contains(self)
    }
}
