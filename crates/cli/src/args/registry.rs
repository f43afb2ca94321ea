//! Arguments of the commands about container registries.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgAction, Subcommand};
use smform_types::image::split_authority;

/// Arguments of `registry`.
#[derive(Debug, clap::Args)]
pub struct Registry {
    /// What to do.
    #[command(subcommand)]
    pub command: RegistryCommand,
}

/// The commands about container registries.
#[derive(Debug, Subcommand)]
pub enum RegistryCommand {
    /// Check whether SageMaker can pull an image from a private registry
    ///
    /// Exits with 0 when no error was found, which includes what could not be found out from here, and with 1 otherwise.
    Check(RegistryCheck),
}

/// Arguments of `registry check`.
#[derive(Debug, clap::Args)]
pub struct RegistryCheck {
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
    /// The model names a credentials provider: a registry that wants credentials is no error
    #[arg(long)]
    pub credentials_provider: bool,
    /// The architecture of the endpoint's instances
    #[arg(long, value_name = "ARCHITECTURE", default_value = "amd64", value_parser = ["amd64", "arm64"])]
    pub architecture: String,
    /// The size of the instances' volume in GB
    #[arg(long, value_name = "GB", value_parser = clap::value_parser!(u64).range(1..=512))]
    pub volume_size: Option<u64>,
    /// How the registry is reached.
    #[command(flatten)]
    pub reach: Reach,
    /// The image, as in a model's container
    #[arg(value_name = "IMAGE")]
    pub image: String,
}

/// How a registry is reached.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Reach {
    /// This machine has the network of the model's VPC: what is not reached from here is an error
    #[arg(long)]
    pub inside_vpc: bool,
    /// Authorities (PEM) beyond the public ones, for rehearsals; SageMaker does not know them
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Connect to an address in place of a host, say to a tunnel; may be repeated
    #[arg(long, value_name = "HOST[:PORT]=ADDRESS:PORT", action = ArgAction::Append, value_parser = connect_to)]
    pub connect_to: Vec<ConnectTo>,
}

/// An address in place of those of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectTo {
    /// The host, in small letters.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Where to connect.
    pub address: SocketAddr,
}

/// Reads `HOST[:PORT]=ADDRESS:PORT`.
///
/// # Errors
/// Why it is not that, as the end of a sentence.
pub fn connect_to(text: &str) -> Result<ConnectTo, String> {
    let (from, to) =
        text.split_once('=').ok_or("write HOST[:PORT]=ADDRESS:PORT, as in reg.example.com=127.0.0.1:8443")?;
    let (host, port) = split_authority(from)?;
    let address = to.parse().map_err(|_| format!("\"{to}\" is not an IP address with a port"))?;
    Ok(ConnectTo { host: host.to_ascii_lowercase(), port: port.unwrap_or(443), address })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_place_of_hosts() {
        let read = |text| connect_to(text).map(|to| (to.host, to.port, to.address.to_string()));
        let wanted = |port| Ok(("reg.io".to_owned(), port, "127.0.0.1:8443".to_owned()));
        assert_eq!(read("Reg.io=127.0.0.1:8443"), wanted(443));
        assert_eq!(read("reg.io:5000=127.0.0.1:8443"), wanted(5000));
        for wrong in ["", "reg.io", "reg.io=127.0.0.1", "reg.io=localhost:1", "=127.0.0.1:1", "reg.io:0=127.0.0.1:1"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
