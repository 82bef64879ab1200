//! Root keys in files and in the environment.

use super::{ONE, TWO, WORKS};
use crate::host::config::Config;
use crate::host::seal::configured::{ROOT_KEY, roots};
use crate::host::seal::record::new_key;
use crate::host::seal::root::{KeyWrapper, Label, RootKey, WrapError};
use data_encoding::BASE64;
use expect_test::expect;
use secrecy::{ExposeSecret, SecretString};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// A folder for one test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("callsheet-root-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
        Self(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn shown(&self, error: impl std::fmt::Display) -> String {
        error.to_string().replace(&self.0.display().to_string(), "FOLDER")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_root_key_is_made_for_its_owner_alone_and_never_over_another() {
    let folder = Folder::new("make");
    let path = folder.file("root.key");
    let made = RootKey::make(&path).expect(WORKS);
    assert_eq!(std::fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&path).expect("ours");
    assert_eq!(BASE64.decode(text.trim().as_bytes()).expect("base64").len(), 32);
    assert_eq!(RootKey::read(&path).expect(WORKS).root(), made.root());
    assert!(!format!("{made:?}").contains(text.trim()) && format!("{made:?}").contains("local:"));
    assert!(RootKey::make(&path).is_err());
    assert_eq!(std::fs::read_to_string(&path).expect("ours"), text);
}

#[test]
fn a_file_that_others_can_read_or_that_holds_no_key_is_named() {
    let folder = Folder::new("refused");
    let path = folder.file("root.key");
    let mut told = Vec::new();
    told.push(folder.shown(RootKey::read(&path).expect_err("it is not there")));
    RootKey::make(&path).expect(WORKS);
    for mode in [0o640, 0o604, 0o620] {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("ours");
        told.push(folder.shown(RootKey::read(&path).expect_err("others can read it")));
    }
    for text in ["ca-na-ry", "", "Y2EtbmEtcnk="] {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).expect("ours");
        std::fs::write(&path, text).expect("ours");
        told.push(folder.shown(RootKey::read(&path).expect_err("it is no key")));
    }
    expect![[r#"
        FOLDER/root.key: No such file or directory (os error 2)
        FOLDER/root.key: others than its owner can read it (mode 640); `chmod 600 FOLDER/root.key`
        FOLDER/root.key: others than its owner can read it (mode 604); `chmod 600 FOLDER/root.key`
        FOLDER/root.key: others than its owner can read it (mode 620); `chmod 600 FOLDER/root.key`
        FOLDER/root.key: a root key is 32 bytes in base64
        FOLDER/root.key: a root key is 32 bytes in base64
        FOLDER/root.key: a root key is 32 bytes in base64"#]]
    .assert_eq(&told.join("\n"));
}

#[tokio::test]
async fn a_wrapped_key_opens_for_its_tenant_and_version_alone() {
    let (root, other) = (RootKey::random().expect(WORKS), RootKey::random().expect(WORKS));
    let key = new_key().expect(WORKS);
    let label = Label { tenant: ONE, version: 3 };
    let wrapped = root.wrap(label, &key).await.expect(WORKS);
    let unwrapped = root.unwrap(label, &wrapped).await.expect(WORKS);
    assert_eq!(unwrapped.expose_secret(), key.expose_secret());
    let refused = async |by: &RootKey, label, wrapped: &str| by.unwrap(label, wrapped).await.map(drop);
    assert_eq!(refused(&root, Label { tenant: TWO, version: 3 }, &wrapped).await, Err(WrapError::Refused));
    assert_eq!(refused(&root, Label { tenant: ONE, version: 4 }, &wrapped).await, Err(WrapError::Refused));
    assert_eq!(refused(&other, label, &wrapped).await, Err(WrapError::Refused));
    assert_eq!(refused(&root, label, "AAAA").await, Err(WrapError::Refused));
    assert_eq!(refused(&root, label, "!").await, Err(WrapError::Refused));
}

/// The root keys of a configuration: their names, or what is wrong.
async fn told(folder: &Folder, text: &str, variable: Option<&str>) -> String {
    let text = text.replace("FOLDER", &folder.0.display().to_string());
    let config = match Config::parse(&text, |_| None) {
        Ok(config) => config,
        Err(error) => return error.to_string(),
    };
    let variable = |name: &str| variable.filter(|_| name == ROOT_KEY).map(SecretString::from);
    match roots(&config.secrets, variable).await {
        Ok(Some(roots)) => format!("{roots:?}"),
        Ok(None) => "none".to_owned(),
        Err(error) => folder.shown(error),
    }
}

#[tokio::test]
async fn the_configuration_says_where_the_root_key_is() {
    let folder = Folder::new("configured");
    let file = RootKey::make(&folder.file("a.key")).expect(WORKS);
    let other = RootKey::make(&folder.file("b.key")).expect(WORKS);
    let variable = std::fs::read_to_string(folder.file("b.key")).expect("ours");
    let a = "[secrets]\nroot_key_file = \"FOLDER/a.key\"";
    let both = format!("{a}\n[[secrets.other]]\nroot_key_file = \"FOLDER/b.key\"");
    assert_eq!(told(&folder, "", None).await, "none");
    assert_eq!(told(&folder, a, None).await, format!("root key `{}`", file.root()));
    assert_eq!(told(&folder, "", Some(&variable)).await, format!("root key `{}`", other.root()));
    assert_eq!(told(&folder, a, Some(&variable)).await, format!("root key `{}`", other.root()));
    assert_eq!(told(&folder, &both, None).await, format!("root key `{}`, `{}`", file.root(), other.root()));
    let mut wrong = Vec::new();
    for text in [
        "[secrets]\nkey = \"x\"",
        "[secrets]\nkms = \"azure\"",
        "[secrets]\nkms = \"aws\"",
        "[secrets]\nkms = \"aws\"\nroot_key_file = \"a\"",
        "[secrets]\nkms = \"aws\"\nkey = \"x\"\nmount = \"y\"",
        "[secrets]\nkms = \"vault\"\nkey = \"x\"",
        "[secrets]\nkms = \"vault\"\nkey = \"x\"\nurl = \"vault\"",
        "[[secrets.other]]\nroot_key_file = \"FOLDER/a.key\"",
        "[secrets]\nroot_key_file = \"FOLDER/a.key\"\n[[secrets.other]]",
        "[secrets]\nroot_key = \"x\"",
    ] {
        wrong.push(told(&folder, text, None).await);
    }
    wrong.push(told(&folder, "", Some("ca-na-ry")).await);
    wrong.push(told(&folder, "[secrets]\nkms = \"aws\"\nkey = \"x\"", Some(&variable)).await);
    expect![[r#"
        `secrets.key` is for a key service, which `kms` names
        `secrets.kms` must be one of `aws`, `gcp`, `vault`
        `secrets.key` is missing: it names the key at the service
        `secrets.root_key_file` and `kms` say both where the key is
        `secrets.mount` is for `kms = "vault"` alone
        `secrets.url` is missing: Vault has no address of its own
        `secrets.url` must be a URL that begins with `https://` or `http://`
        `secrets.root_key_file` is missing: the keys of `secrets.other` open only; say which one wraps
        `secrets.other[0]` says nothing of where the key is: `root_key_file`, or `kms` and `key`
        TOML parse error at line 2, column 1
          |
        2 | root_key = "x"
          | ^^^^^^^^
        unknown field `root_key`, expected one of `root_key_file`, `kms`, `key`, `url`, `mount`, `token_file`, `other`
        CALLSHEET_ROOT_KEY: a root key is 32 bytes in base64
        `secrets.kms` and the variable CALLSHEET_ROOT_KEY say both where the key is"#]]
    .assert_eq(&wrong.join("\n"));
}

/// A service that was left out of the build is named with what brings it in.
#[cfg(not(feature = "kms-aws"))]
#[tokio::test]
async fn a_service_that_is_not_in_this_build_is_named() {
    let config = Config::parse("[secrets]\nkms = \"aws\"\nkey = \"x\"", |_| None).expect("a configuration");
    let refused = roots(&config.secrets, |_| None::<SecretString>).await.expect_err("not in this build");
    assert_eq!(refused.to_string(), "`kms = \"aws\"` is not in this build; build it with `--features kms-aws`");
}
