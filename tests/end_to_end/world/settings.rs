//! A configuration file in the making.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::{API_PORT, OPERATOR_PORT, RELAY_PORT, SMTP_PORT, SUBMISSION_PORT};

/// What a configuration file will say.
#[derive(Clone)]
pub struct Settings {
    table: Table,
    path: PathBuf,
    /// Postrider's own address.
    pub own: Ipv4Addr,
}

impl Settings {
    /// A server at `own` that asks `dns`, with everything it writes in `folder`.
    pub fn new(folder: &Path, own: Ipv4Addr, dns: SocketAddr) -> Self {
        let text = format!(
            r#"
            [server]
            hostname = "postrider.test"
            data_dir = "data"
            drain = "10s"

            [[listener]]
            name = "relay"
            kind = "relay"
            address = "{own}:{RELAY_PORT}"
            trusted = ["127.0.0.0/8"]

            [store]
            floor_bytes = 0

            [delivery]
            smtp_port = {SMTP_PORT}

            [retry]
            first = "1s"
            factor = 1.0
            jitter = 0.0

            [dns]
            servers = ["{dns}"]
            timeout = "2s"

            [operator]
            address = "{own}:{OPERATOR_PORT}"

            [api]
            address = "{own}:{API_PORT}"

            [log]
            format = "json"
            "#
        );
        let table = text.parse().expect("the settings are TOML");
        Self {
            table,
            path: folder.join("postrider.toml"),
            own,
        }
    }

    /// The settings of the configuration file at `path`, moved to the addresses of these.
    pub fn take_over(&self, path: &Path, dns: SocketAddr) -> Self {
        let text = std::fs::read_to_string(path).expect("a configuration file");
        let table = text.parse().expect("the configuration is TOML");
        let mut taken = Self {
            table,
            path: path.to_owned(),
            own: self.own,
        };
        for listener in taken.table["listener"].as_array_mut().expect("listeners") {
            let address: SocketAddr = listener["address"]
                .as_str()
                .and_then(|text| text.parse().ok())
                .expect("an address");
            let moved = SocketAddr::from((self.own, address.port()));
            listener
                .as_table_mut()
                .expect("a listener")
                .insert("address".into(), moved.to_string().into());
        }
        for (key, port) in [("operator.address", OPERATOR_PORT), ("api.address", API_PORT)] {
            taken.set(key, SocketAddr::from((self.own, port)).to_string());
        }
        taken.set("delivery.smtp_port", i64::from(SMTP_PORT));
        taken.set("dns.servers", vec![dns.to_string()]);
        taken
    }

    /// Sets `section.key`.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) -> &mut Self {
        let (section, key) = key.split_once('.').expect("section.key");
        let section = self
            .table
            .entry(section)
            .or_insert_with(|| Value::Table(Table::new()));
        section
            .as_table_mut()
            .expect("a section")
            .insert(key.to_owned(), value.into());
        self
    }

    /// Sets a key of the relay listener.
    pub fn set_listener(&mut self, key: &str, value: impl Into<Value>) -> &mut Self {
        let listener = self.table["listener"]
            .as_array_mut()
            .and_then(|listeners| listeners.first_mut());
        listener
            .and_then(Value::as_table_mut)
            .expect("the relay listener")
            .insert(key.to_owned(), value.into());
        self
    }

    /// Removes `section.key`.
    pub fn remove(&mut self, key: &str) -> &mut Self {
        let (section, key) = key.split_once('.').expect("section.key");
        self.table[section].as_table_mut().expect("a section").remove(key);
        self
    }

    /// Adds a `[[section]]`, given as the lines below its heading.
    pub fn push(&mut self, section: &str, lines: &str) -> &mut Self {
        let entry: Table = lines.parse().expect("lines of TOML");
        let entries = self
            .table
            .entry(section)
            .or_insert_with(|| Value::Array(Vec::new()));
        entries
            .as_array_mut()
            .expect("a repeated section")
            .push(Value::Table(entry));
        self
    }

    /// Adds a submission listener with STARTTLS.
    pub fn submission(&mut self) -> &mut Self {
        let own = self.own;
        self.push(
            "listener",
            &format!("name = 'submission'\nkind = 'submission'\naddress = '{own}:{SUBMISSION_PORT}'"),
        )
    }

    /// The address of the operator's HTTP.
    pub fn operator(&self) -> SocketAddr {
        SocketAddr::from((self.own, OPERATOR_PORT))
    }

    /// The address of the customers' HTTP.
    pub fn api(&self) -> SocketAddr {
        SocketAddr::from((self.own, API_PORT))
    }

    /// Where [`write`](Self::write) writes.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of everything Postrider writes.
    pub fn data_dir(&self) -> PathBuf {
        self.path.with_file_name("data")
    }

    /// Writes the configuration file.
    pub fn write(&self) {
        let text = toml::to_string(&self.table).expect("a table is TOML");
        std::fs::write(&self.path, text).expect("the world's folder can be written");
    }
}
