//! Whose signatures count on a volume: those of the site that has it, and, up to its first one, those of the sites that had it
//! before it was adopted.
//!
//! What is not here: adopting ([`crate::volume::adopt`]), keys.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use model::SiteId;
use serde::Serialize;

use crate::{
    Error,
    disk::Disk,
    fsck::{Problem, Report},
    journal,
    layout::ADOPTIONS_FILE,
    sign::{Purpose, Verifier},
    volume::{Adoption, Volume},
};

/// A site that had the volume before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Former {
    /// Which.
    pub site: SiteId,
    /// So many of the signatures that were checked are its own: of journals, and of segments where every byte was read.
    pub signatures: u64,
}

/// See the module's description.
pub(super) struct Owners<'a> {
    verifier: &'a dyn Verifier,
    former: Vec<SiteId>,
    signed: RefCell<BTreeMap<SiteId, u64>>,
}

/// The same for a journal: whoever gave the volume away signs nothing after its new owner.
pub(super) struct InOrder<'a> {
    owners: &'a Owners<'a>,
    taken_over: Cell<bool>,
}

impl<'a> Owners<'a> {
    /// Reads who had the volume. A note that its site did not sign is a problem and does not count.
    pub(super) fn read<D: Disk>(
        disk: &D,
        volume: &Volume,
        verifier: &'a dyn Verifier,
        report: &mut Report,
    ) -> Result<Self, Error> {
        let notes = journal::read_only::<D, Adoption>(disk, ADOPTIONS_FILE, None)?;
        let mut problem = |what| report.problems.push(Problem { path: ADOPTIONS_FILE.to_owned(), what });
        if let Some(what) = notes.damage {
            problem(what);
        }
        let mut all = vec![volume.site];
        for (number, (note, signed)) in notes.entries.iter().zip(&notes.signed).enumerate() {
            let journal::Signed { hash, public_key, signature } = signed;
            if verifier.holds_for(note.site, public_key, Purpose::JournalEntry, hash, signature) {
                all.push(note.site);
            } else {
                problem(format!("note {number}: the site that it names did not sign it"));
            }
        }
        let now = all.pop().unwrap_or(volume.site);
        all.retain(|site| *site != now);
        Ok(Self { verifier, former: all, signed: RefCell::default() })
    }

    pub(super) fn of_journal(&'a self) -> InOrder<'a> {
        InOrder { owners: self, taken_over: Cell::new(false) }
    }

    /// Who signed what was checked.
    pub(super) fn former(&self) -> Vec<Former> {
        let signed = self.signed.borrow();
        signed.iter().map(|(site, signatures)| Former { site: *site, signatures: *signatures }).collect()
    }

    fn holds_formerly(
        &self,
        public_key: &[u8],
        purpose: Purpose,
        statement: &[u8],
        signature: &[u8],
    ) -> bool {
        let holds =
            |site: &&SiteId| self.verifier.holds_for(**site, public_key, purpose, statement, signature);
        let Some(site) = self.former.iter().find(holds) else { return false };
        *self.signed.borrow_mut().entry(*site).or_default() += 1;
        true
    }
}

impl Verifier for Owners<'_> {
    fn holds(&self, public_key: &[u8], purpose: Purpose, statement: &[u8], signature: &[u8]) -> bool {
        self.verifier.holds(public_key, purpose, statement, signature)
            || self.holds_formerly(public_key, purpose, statement, signature)
    }

    fn holds_for(
        &self,
        site: SiteId,
        public_key: &[u8],
        purpose: Purpose,
        statement: &[u8],
        signature: &[u8],
    ) -> bool {
        self.verifier.holds_for(site, public_key, purpose, statement, signature)
    }
}

impl Verifier for InOrder<'_> {
    fn holds(&self, public_key: &[u8], purpose: Purpose, statement: &[u8], signature: &[u8]) -> bool {
        if self.owners.verifier.holds(public_key, purpose, statement, signature) {
            self.taken_over.set(true);
            return true;
        }
        !self.taken_over.get() && self.owners.holds_formerly(public_key, purpose, statement, signature)
    }

    fn holds_for(
        &self,
        site: SiteId,
        public_key: &[u8],
        purpose: Purpose,
        statement: &[u8],
        signature: &[u8],
    ) -> bool {
        self.owners.holds_for(site, public_key, purpose, statement, signature)
    }
}
