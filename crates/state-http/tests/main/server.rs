//! A server with one state, which records what it is asked.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What the server has.
#[derive(Debug, Default)]
pub struct World {
    pub state: Option<Vec<u8>>,
    /// The information of the holder.
    pub lock: Option<Vec<u8>>,
    /// What the next answers are instead; status 0 closes the connection after the request took effect.
    pub script: VecDeque<(u16, &'static str)>,
    /// What `Authorization` must be.
    pub authorization: Option<String>,
    pub asked: Vec<Asked>,
}

/// A server that runs as long as the test.
pub struct Server {
    pub address: SocketAddr,
    world: Arc<Mutex<World>>,
}

impl Server {
    pub fn start() -> Server {
        Server::serve(None)
    }

    pub fn start_tls(config: ServerConfig) -> Server {
        Server::serve(Some(Arc::new(config)))
    }

    fn serve(tls: Option<Arc<ServerConfig>>) -> Server {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("bound");
        let world = Arc::new(Mutex::new(World::default()));
        let shared = Arc::clone(&world);
        std::thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                let (world, tls) = (Arc::clone(&shared), tls.clone());
                std::thread::spawn(move || match tls {
                    None => connection(stream, &world),
                    Some(config) => {
                        let session = ServerConnection::new(config).expect("a session");
                        connection(StreamOwned::new(session, stream), &world);
                    }
                });
            }
        });
        Server { address, world }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("not poisoned")
    }

    /// The requests with a method.
    pub fn asked(&self, method: &str) -> Vec<Asked> {
        self.world().asked.iter().filter(|asked| asked.method == method).cloned().collect()
    }
}

/// Answers one request, and closes.
fn connection(stream: impl Read + Write, world: &Mutex<World>) {
    let mut stream = BufReader::new(stream);
    let Some(asked) = read(&mut stream) else { return };
    let Some((status, body)) = answer(&mut world.lock().expect("not poisoned"), asked) else { return };
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Status\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    let stream = stream.get_mut();
    // A client that has gone away is no concern of the test.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).and_then(|()| stream.flush());
}

fn read(stream: &mut impl BufRead) -> Option<Asked> {
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let mut asked = Asked { method, target, headers, body: Vec::new() };
    let length = asked.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    asked.body = vec![0; length];
    stream.read_exact(&mut asked.body).ok()?;
    Some(asked)
}

fn answer(world: &mut World, asked: Asked) -> Option<(u16, Vec<u8>)> {
    world.asked.push(asked.clone());
    let scripted = world.script.pop_front();
    if let Some((status, text)) = scripted.filter(|(status, _)| *status != 0) {
        return Some((status, text.as_bytes().to_vec()));
    }
    if world.authorization.is_some() && asked.header("authorization") != world.authorization.as_deref() {
        return Some((401, b"who are you?".to_vec()));
    }
    let id = |body: &[u8]| -> Option<String> {
        let json: serde_json::Value = serde_json::from_slice(body).ok()?;
        Some(json.get("ID")?.as_str()?.to_owned())
    };
    let told = match asked.method.as_str() {
        "GET" => world.state.clone().map_or((404, Vec::new()), |state| (200, state)),
        // GitLab's methods, on an address of its own.
        "LOCK" | "POST" if asked.method == "LOCK" || asked.target == "/lock" => match &world.lock {
            Some(holder) => (423, holder.clone()),
            None => {
                world.lock = Some(asked.body);
                (200, Vec::new())
            }
        },
        "UNLOCK" | "DELETE" => match &world.lock {
            Some(holder) if id(holder) != id(&asked.body) => (409, holder.clone()),
            _ => {
                world.lock = None;
                (200, Vec::new())
            }
        },
        "POST" | "PUT" => {
            let named = asked.target.split_once("ID=").map(|(_, id)| id.to_owned());
            match &world.lock {
                Some(holder) if id(holder) != named => (423, holder.clone()),
                _ => {
                    world.state = Some(asked.body);
                    (200, Vec::new())
                }
            }
        }
        _ => (405, Vec::new()),
    };
    if scripted.is_some() { None } else { Some(told) }
}
