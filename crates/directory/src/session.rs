//! Questions to a directory as its searching account: who is this, in which groups, who is there.

use std::collections::HashSet;

use model::{Secret, WallTime};

use crate::{
    Error,
    connection::{Connection, Found},
    filter::Filter,
    message::{Entry, Outcome, Scope},
    person::{self, Group, Key, Listed, Person},
    settings::{Kind, Settings},
};

/// Most groups of one person that are looked at.
const MAX_GROUPS: usize = 1000;
/// How deep groups in groups are followed, where the directory does not do it.
const MAX_DEPTH: usize = 16;
/// Names asked for in one search.
const BATCH: usize = 50;

/// Which people or groups the picker looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// People.
    People,
    /// Groups.
    Groups,
    /// Both.
    Both,
}

/// A connection that is signed in as the searching account.
pub struct Session<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) connection: Connection,
}

impl Session<'_> {
    /// The person with this key, with all groups; none where there is none (any more).
    ///
    /// # Errors
    /// The directory did not answer as it should.
    pub async fn person(&mut self, key: &Key, now: WallTime) -> Result<Option<Person>, Error> {
        self.named(&key.filter(self.settings.kind), now).await
    }

    /// The one person that this is true of, with all groups.
    pub(crate) async fn named(&mut self, who: &Filter, now: WallTime) -> Result<Option<Person>, Error> {
        match self.one(&Filter::All(vec![people(self.settings.kind), who.clone()])).await? {
            Some(entry) => self.with_groups(&entry, now).await.map(Some),
            None => Ok(None),
        }
    }

    /// The person or group with this key, as the picker shows it.
    ///
    /// # Errors
    /// The directory did not answer as it should.
    pub async fn listed(&mut self, key: &Key, now: WallTime) -> Result<Option<Listed>, Error> {
        let kind = self.settings.kind;
        let entry = self.one(&Filter::All(vec![both(kind), key.filter(kind)])).await?;
        Ok(entry.and_then(|entry| person::listed(kind, self.settings.login_attribute(), &entry, now)))
    }

    /// People and groups whose account or name contains the text, no more than `most`; whether there are more.
    ///
    /// # Errors
    /// The directory did not answer as it should.
    pub async fn search(
        &mut self,
        text: &str,
        wanted: Wanted,
        most: usize,
        now: WallTime,
    ) -> Result<(Vec<Listed>, bool), Error> {
        let (kind, login) = (self.settings.kind, self.settings.login_attribute().to_owned());
        let class = match wanted {
            Wanted::People => people(kind),
            Wanted::Groups => groups(kind),
            Wanted::Both => both(kind),
        };
        let mut all = vec![class];
        let text = text.trim();
        if !text.is_empty() {
            let contains = |name: &str| Filter::Contains(name.to_owned(), text.as_bytes().to_vec());
            all.push(Filter::Any([login.as_str(), "cn", "displayName"].map(contains).to_vec()));
        }
        let Found { entries, more } = self.find(&Filter::All(all), most).await?;
        let listed = entries.iter().filter_map(|entry| person::listed(kind, &login, entry, now));
        Ok((listed.collect(), more))
    }

    /// The person who signs in so, where the password is right. Groups are looked up first: afterwards the connection
    /// is the person's own.
    pub(crate) async fn prove(
        mut self,
        who: &Filter,
        password: &Secret<String>,
        now: WallTime,
    ) -> Result<Option<Person>, Error> {
        let Some(entry) = self.one(&Filter::All(vec![people(self.settings.kind), who.clone()])).await? else {
            return Ok(None);
        };
        let person = self.with_groups(&entry, now).await?;
        let proved = self.connection.bind(&entry.name, password).await?.code == Outcome::SUCCESS;
        Ok(Some(person).filter(|_| proved))
    }

    /// Whether the base is there.
    pub(crate) async fn base_exists(&mut self) -> Result<bool, Error> {
        let any = Filter::Has("objectClass");
        let found = self.connection.search(&self.settings.base, Scope::Base, &any, &["1.1"], 1).await?;
        Ok(!found.entries.is_empty())
    }

    async fn find(&mut self, filter: &Filter, most: usize) -> Result<Found, Error> {
        let attributes = person::attributes(self.settings.kind, self.settings.login_attribute());
        self.connection.search(&self.settings.base, Scope::Subtree, filter, &attributes, most).await
    }

    /// The one entry; none where there is none, or where it is not clear which.
    async fn one(&mut self, filter: &Filter) -> Result<Option<Entry>, Error> {
        let mut found = self.find(filter, 2).await?.entries;
        Ok(if found.len() == 1 { found.pop() } else { None })
    }

    async fn with_groups(&mut self, entry: &Entry, now: WallTime) -> Result<Person, Error> {
        let kind = self.settings.kind;
        let key = Key::of(kind, entry).ok_or_else(|| Error::NoKey {
            server: self.connection.server().to_owned(),
            name: entry.name.clone(),
        })?;
        let groups = match kind {
            Kind::ActiveDirectory => self.chain(entry).await?,
            Kind::Ldap => self.walk(entry).await?,
        };
        let mut seen = HashSet::new();
        let groups = groups.iter().filter_map(|group| {
            let key = Key::of(kind, group)?;
            let name = person::account(group, "cn");
            seen.insert(key.clone()).then_some(Group { key, name })
        });
        Ok(Person {
            key,
            account: person::account(entry, self.settings.login_attribute()),
            name: person::shown(entry),
            active: person::is_active(kind, entry, now),
            groups: groups.collect(),
        })
    }

    /// Active Directory follows groups of groups itself; of the primary group it has to be asked separately.
    async fn chain(&mut self, entry: &Entry) -> Result<Vec<Entry>, Error> {
        let leads = |name: &str| {
            Filter::All(vec![
                groups(Kind::ActiveDirectory),
                Filter::Leads("member", name.as_bytes().to_vec()),
            ])
        };
        let mut all = self.find(&leads(&entry.name), MAX_GROUPS).await?.entries;
        if let Some(sid) = person::primary_group(entry)
            && let Some(primary) = self.one(&Filter::Is("objectSid", sid)).await?
        {
            all.extend(self.find(&leads(&primary.name), MAX_GROUPS).await?.entries);
            all.push(primary);
        }
        Ok(all)
    }

    /// Other directories are walked from the person upwards, each group once.
    async fn walk(&mut self, entry: &Entry) -> Result<Vec<Entry>, Error> {
        let mut first = Vec::new();
        if let Some(uid) = entry.bytes("uid") {
            first.push(Filter::is("memberUid", uid));
        }
        if let Some(number) = entry.bytes("gidNumber") {
            first.push(Filter::All(vec![
                Filter::is("objectClass", "posixGroup"),
                Filter::is("gidNumber", number),
            ]));
        }
        let mut seen = HashSet::from([entry.name.to_lowercase()]);
        let mut all = Vec::new();
        // Where the directory itself says in which groups the person is, it may know of more.
        for name in entry.all("memberOf").iter().take(MAX_GROUPS / 5) {
            let name = String::from_utf8_lossy(name).into_owned();
            if seen.insert(name.to_lowercase()) {
                let attributes = person::attributes(Kind::Ldap, "cn");
                let any = Filter::Has("objectClass");
                let found = self.connection.search(&name, Scope::Base, &any, &attributes, 1).await?;
                all.extend(found.entries);
            }
        }
        let mut names: Vec<String> = all.iter().map(|group| group.name.clone()).collect();
        names.push(entry.name.clone());
        for _ in 0..MAX_DEPTH {
            let mut filters = std::mem::take(&mut first);
            for name in std::mem::take(&mut names) {
                filters.push(Filter::is("member", &name));
                filters.push(Filter::is("uniqueMember", &name));
            }
            for batch in filters.chunks(BATCH) {
                let filter = Filter::All(vec![groups(Kind::Ldap), Filter::Any(batch.to_vec())]);
                for group in self.find(&filter, MAX_GROUPS).await?.entries {
                    if all.len() < MAX_GROUPS && seen.insert(group.name.to_lowercase()) {
                        names.push(group.name.clone());
                        all.push(group);
                    }
                }
            }
            if names.is_empty() {
                break;
            }
        }
        Ok(all)
    }
}

fn classes(names: &[&'static str]) -> Filter {
    Filter::Any(names.iter().map(|name| Filter::is("objectClass", name)).collect())
}

fn people(kind: Kind) -> Filter {
    match kind {
        // A computer is a user there, too.
        Kind::ActiveDirectory => Filter::All(vec![
            Filter::is("objectClass", "user"),
            Filter::Not(Box::new(Filter::is("objectClass", "computer"))),
        ]),
        Kind::Ldap => classes(&["person", "posixAccount"]),
    }
}

fn groups(kind: Kind) -> Filter {
    match kind {
        Kind::ActiveDirectory => Filter::is("objectClass", "group"),
        Kind::Ldap => classes(&["groupOfNames", "groupOfUniqueNames", "posixGroup"]),
    }
}

fn both(kind: Kind) -> Filter {
    Filter::Any(vec![people(kind), groups(kind)])
}
