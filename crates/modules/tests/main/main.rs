//! Modules from repositories, servers and files of this machine, fetched into a folder.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use smform_lang::config::{Config, LocalModules, load};
use smform_lang::source::{FileSystem, Host};
use smform_modules::{Installer, Update};
use tempfile::TempDir;

/// The files of a folder, whatever the working directory is.
struct Folder(std::path::PathBuf);

impl Host for Folder {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        FileSystem.read(&self.0.join(path))
    }
    fn list(&self, directory: &Path) -> std::io::Result<Vec<String>> {
        FileSystem.list(&self.0.join(directory))
    }
    fn walk(&self, directory: &Path) -> std::io::Result<Vec<String>> {
        FileSystem.walk(&self.0.join(directory))
    }
    fn is_file(&self, path: &Path) -> Option<bool> {
        FileSystem.is_file(&self.0.join(path))
    }
    fn working_directory(&self) -> std::path::PathBuf {
        self.0.clone()
    }
    fn home_directory(&self) -> Option<std::path::PathBuf> {
        None
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a parent")).expect("made");
    fs::write(path, text).expect("written");
}

/// Loads the configuration of a folder, with its errors, and what was told.
fn install(folder: &Path, update: Update) -> (Config, Vec<String>, Vec<String>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let hear = Arc::clone(&told);
    let installer = Installer::new(folder, update, move |line| {
        if let Ok(mut told) = hear.lock() {
            told.push(line.to_owned());
        }
    });
    let (config, found) = load(&Folder(folder.to_owned()), Path::new("."), &installer);
    let errors = found.iter().map(|error| format!("{}: {}", error.summary, error.detail)).collect();
    let told = told.lock().expect("whole").clone();
    (config, errors, told)
}

fn outputs(config: &Config, module: &str) -> Vec<String> {
    let found = config.modules.iter().find(|(address, _)| address.to_string() == module);
    found.map(|(_, module)| module.outputs.keys().map(|name| name.to_string()).collect()).unwrap_or_default()
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").arg("-C").arg(folder).args(identity).args(arguments).output().expect("git runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A repository with a module in its directory `sub`, tagged v1, and another output after that.
fn repository() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    git(folder.path(), &["init", "--quiet", "--initial-branch=main"]);
    write(
        folder.path(),
        "sub/main.tf",
        "module \"inner\" {\n  source = \"../other\"\n}\noutput \"one\" {\n  value = 1\n}\n",
    );
    write(folder.path(), "other/main.tf", "output \"inner\" {\n  value = 1\n}\n");
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "--quiet", "-m", "one"]);
    git(folder.path(), &["tag", "v1"]);
    commit(folder.path(), "two");
    folder
}

fn commit(repository: &Path, name: &str) {
    write(repository, &format!("sub/{name}.tf"), &format!("output \"{name}\" {{\n  value = 2\n}}\n"));
    git(repository, &["add", "."]);
    git(repository, &["commit", "--quiet", "-m", name]);
}

fn call(folder: &Path, name: &str, source: &str) {
    write(folder, &format!("{name}.tf"), &format!("module \"{name}\" {{\n  source = \"{source}\"\n}}\n"));
}

#[test]
fn a_repository_is_fetched_once_at_its_ref_and_locked() {
    let (repository, work) = (repository(), tempfile::tempdir().expect("a folder"));
    let url = format!("git::file://{}", repository.path().display());
    call(work.path(), "tagged", &format!("{url}//sub?ref=v1"));
    call(work.path(), "latest", &format!("{url}//sub"));
    let (config, errors, told) = install(work.path(), Update::Missing);
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(outputs(&config, "module.tagged"), ["one"]);
    assert_eq!(outputs(&config, "module.latest"), ["one", "two"]);
    assert_eq!(outputs(&config, "module.latest.module.inner"), ["inner"]);
    let manifest = fs::read_to_string(work.path().join(".terraform/modules/modules.json")).expect("written");
    assert!(manifest.contains(r#"{"Key":"","Source":"","Dir":"."}"#), "{manifest}");
    assert!(manifest.contains(r#""Dir":".terraform/modules/tagged/sub""#), "{manifest}");
    // From then on it is on this machine.
    let (_, found) = load(&Folder(work.path().to_owned()), Path::new("."), &LocalModules);
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(install(work.path(), Update::Missing).2, Vec::<String>::new());
    // Another machine fetches the locked commit; an update takes what is new.
    commit(repository.path(), "three");
    fs::remove_dir_all(work.path().join(".terraform")).expect("removed");
    let (config, errors, _) = install(work.path(), Update::Missing);
    assert_eq!((outputs(&config, "module.latest"), errors), (vec!["one".to_owned(), "two".to_owned()], Vec::new()));
    let (config, errors, _) = install(work.path(), Update::All);
    assert_eq!((outputs(&config, "module.latest").len(), errors), (3, Vec::new()));
    let lock = fs::read_to_string(work.path().join(".terraform.modules.lock.json")).expect("written");
    assert!(lock.contains(&git(repository.path(), &["rev-parse", "HEAD"])), "{lock}");
}

#[test]
fn what_cannot_be_fetched_is_told_where_it_is_called() {
    let (repository, work) = (repository(), tempfile::tempdir().expect("a folder"));
    let url = format!("git::file://{}", repository.path().display());
    let sources = [
        (format!("{url}//sub?ref=v9"), "has nothing that \\\"v9\\\" names"),
        (format!("{url}//nope"), "There is no directory \\\"nope\\\""),
        (format!("git::file://{}/nope", repository.path().display()), "git could not fetch"),
        ("terraform-aws-modules/vpc/aws".to_owned(), "does not ask module registries"),
        ("s3::https://x/y.zip".to_owned(), "not through \\\"s3\\\""),
        ("./nope.zip".to_owned(), "nope.zip"),
    ];
    for (source, expected) in sources {
        call(work.path(), "m", &source);
        let (_, errors, _) = install(work.path(), Update::Missing);
        let expected = expected.replace('\\', "");
        assert!(errors.iter().any(|error| error.contains(&expected)), "{source}: {errors:?}");
        // A second run finds nothing half made.
        let left = fs::read_dir(work.path().join(".terraform/modules")).map_or(0, |entries| {
            entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(".fetch-")).count()
        });
        assert_eq!(left, 0);
    }
}

/// An archive with a module in `m/`, and what tries to get out of its folder.
fn tar_gz(text: &str) -> Vec<u8> {
    let packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(packed);
    let mut add = |name: &str, text: &str| {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        let bytes = name.as_bytes();
        header.as_old_mut().name[..bytes.len()].copy_from_slice(bytes);
        header.set_cksum();
        archive.append(&header, text.as_bytes()).expect("added");
    };
    add("m/main.tf", text);
    add("../escaped.tf", text);
    archive.into_inner().expect("finished").finish().expect("finished")
}

fn zip_file(path: &Path, text: &str) {
    let mut archive = zip::ZipWriter::new(fs::File::create(path).expect("made"));
    archive.start_file("m/main.tf", zip::write::SimpleFileOptions::default()).expect("begun");
    archive.write_all(text.as_bytes()).expect("written");
    archive.finish().expect("finished");
}

/// Answers every request on a port of its own: with the archive, or for other paths with the name of another source.
fn serve(archive: Arc<Mutex<Vec<u8>>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4096];
            let count = stream.read(&mut request).unwrap_or(0);
            let request = String::from_utf8_lossy(request.get(..count).unwrap_or_default()).into_owned();
            let body = archive.lock().expect("whole").clone();
            let head = if request.starts_with("GET /m.tar.gz") {
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len())
            } else if request.starts_with("GET /elsewhere") {
                format!(
                    "HTTP/1.1 200 OK\r\nX-Terraform-Get: http://127.0.0.1:{port}/m.tar.gz\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                )
            } else {
                format!("HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n", body.len())
            };
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
    port
}

#[test]
fn archives_come_from_servers_and_files_and_may_not_change_unnoticed() {
    let work = tempfile::tempdir().expect("a folder");
    let served = Arc::new(Mutex::new(tar_gz("output \"served\" {\n  value = 1\n}\n")));
    let port = serve(Arc::clone(&served));
    zip_file(&work.path().join("local.zip"), "output \"zipped\" {\n  value = 1\n}\n");
    call(work.path(), "served", &format!("http://127.0.0.1:{port}/m.tar.gz//m"));
    call(work.path(), "sent_on", &format!("http://127.0.0.1:{port}/elsewhere//m"));
    call(work.path(), "zipped", "./local.zip//m");
    call(work.path(), "missing", &format!("http://127.0.0.1:{port}/missing.zip"));
    let (config, errors, _) = install(work.path(), Update::Missing);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors.first().is_some_and(|error| error.contains("404")), "{errors:?}");
    assert_eq!(outputs(&config, "module.served"), ["served"]);
    assert_eq!(outputs(&config, "module.sent_on"), ["served"]);
    assert_eq!(outputs(&config, "module.zipped"), ["zipped"]);
    assert!(!work.path().join(".terraform/modules/escaped.tf").exists());
    fs::remove_file(work.path().join("missing.tf")).expect("removed");
    *served.lock().expect("whole") = tar_gz("output \"other\" {\n  value = 1\n}\n");
    fs::remove_dir_all(work.path().join(".terraform")).expect("removed");
    let (_, errors, _) = install(work.path(), Update::Missing);
    assert!(errors.iter().any(|error| error.contains("is not what it was")), "{errors:?}");
    let (config, errors, _) = install(work.path(), Update::All);
    assert_eq!((outputs(&config, "module.served"), errors), (vec!["other".to_owned()], Vec::new()));
    call(work.path(), "checked", "./local.zip//m?checksum=sha256:00");
    let (_, errors, _) = install(work.path(), Update::Missing);
    assert!(errors.iter().any(|error| error.contains("checksum")), "{errors:?}");
}
