//! DNS in memory, which can be away, or say nothing about a name.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Dns, DnsError, Mx, Srv};

#[derive(Debug, Default)]
struct State {
    txt: BTreeMap<String, Vec<String>>,
    mx: BTreeMap<String, Vec<Mx>>,
    addresses: BTreeMap<String, Vec<IpAddr>>,
    names: BTreeMap<IpAddr, Vec<String>>,
    cname: BTreeMap<String, String>,
    srv: BTreeMap<String, Vec<Srv>>,
    is_away: bool,
    silent: BTreeSet<String>,
}

/// DNS. Clones are handles to the same one. What is set replaces what was there.
#[derive(Debug, Clone, Default)]
pub struct FakeDns(Arc<Mutex<State>>);

impl FakeDns {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The texts of a name.
    pub fn set_txt(&self, name: &str, texts: &[&str]) {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        self.lock().txt.insert(name.to_owned(), texts);
    }

    /// Who takes a domain's mail.
    pub fn set_mx(&self, domain: &str, all: &[(u16, &str)]) {
        let all = all.iter().map(|(preference, host)| Mx {
            preference: *preference,
            host: (*host).to_owned(),
        });
        let mut all: Vec<Mx> = all.collect();
        all.sort();
        self.lock().mx.insert(domain.to_owned(), all);
    }

    /// The addresses of a name.
    pub fn set_addresses(&self, name: &str, all: &[IpAddr]) {
        self.lock().addresses.insert(name.to_owned(), all.to_vec());
    }

    /// The names of an address.
    pub fn set_names(&self, address: IpAddr, names: &[&str]) {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        self.lock().names.insert(address, names);
    }

    /// What a name is another name of.
    pub fn set_cname(&self, name: &str, target: &str) {
        self.lock().cname.insert(name.to_owned(), target.to_owned());
    }

    /// Where a service is: priority, weight, port and host of each.
    pub fn set_srv(&self, name: &str, all: &[(u16, u16, u16, &str)]) {
        let all = all.iter().map(|(priority, weight, port, host)| Srv {
            priority: *priority,
            weight: *weight,
            port: *port,
            host: (*host).to_owned(),
        });
        let all = all.collect();
        self.lock().srv.insert(name.to_owned(), all);
    }

    /// Whether no name server answers from now on.
    pub fn be_away(&self, is_away: bool) {
        self.lock().is_away = is_away;
    }

    /// Questions about a name are never answered from now on.
    pub fn be_silent_about(&self, name: &str) {
        self.lock().silent.insert(name.to_owned());
    }

    async fn ask<T>(&self, name: &str, answer: impl FnOnce(&State) -> T + Send) -> Result<T, DnsError> {
        if self.lock().silent.contains(name) {
            std::future::pending::<()>().await;
        }
        let state = self.lock();
        if state.is_away {
            return Err(DnsError::Away("no name server is reachable".to_owned()));
        }
        Ok(answer(&state))
    }
}

#[async_trait]
impl Dns for FakeDns {
    async fn txt(&self, name: &str) -> Result<Vec<String>, DnsError> {
        self.ask(name, |state| state.txt.get(name).cloned().unwrap_or_default())
            .await
    }

    async fn mx(&self, domain: &str) -> Result<Vec<Mx>, DnsError> {
        self.ask(domain, |state| state.mx.get(domain).cloned().unwrap_or_default())
            .await
    }

    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, DnsError> {
        self.ask(name, |state| {
            let target = state.cname.get(name).map_or(name, String::as_str);
            state.addresses.get(target).cloned().unwrap_or_default()
        })
        .await
    }

    async fn names(&self, address: IpAddr) -> Result<Vec<String>, DnsError> {
        self.ask("", |state| state.names.get(&address).cloned().unwrap_or_default())
            .await
    }

    async fn cname(&self, name: &str) -> Result<Option<String>, DnsError> {
        self.ask(name, |state| state.cname.get(name).cloned()).await
    }

    async fn srv(&self, name: &str) -> Result<Vec<Srv>, DnsError> {
        self.ask(name, |state| state.srv.get(name).cloned().unwrap_or_default())
            .await
    }
}
