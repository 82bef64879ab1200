//! Keys turned over, beside hosts that go on.

use super::{Counted, Hand, ONE, TWO, WORKS, connection, endpoint, put, secret, shown, tenant, two_tenants, under};
use crate::host::app;
use crate::host::clock::Boxed;
use crate::host::config::{Config, Webhook};
use crate::host::context::Context;
use crate::host::http::{Egress, NetError, Request, Response};
use crate::host::model::{ConnectionId, Endpoint, EndpointState, EventId, Origin, OutboxEvent, TenantId};
use crate::host::operations::{Nowhere, receivers as operations};
use crate::host::outbox::sign::{self, Secret};
use crate::host::seal::keeping::{Moved, Swept, begin, rewrap, sweep, sweep_tenant};
use crate::host::seal::record::{Place, version_of};
use crate::host::seal::root::{KeyWrapper, Roots};
use crate::host::seal::{SealError, Vault, is_sealed, receivers};
use crate::host::setup;
use crate::host::store::{Memory, Moment, PassedOver, Store, StoreError, Write};
use crate::time::Instant;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const OTHER: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn place(tenant: TenantId, connection: u64) -> Place {
    Place::token(tenant, ConnectionId(connection), Origin::Google)
}

async fn token(store: &Store, tenant: TenantId, connection: u64) -> String {
    store.connection(tenant, ConnectionId(connection)).await.expect(WORKS).expect("it is there").token.expect("it has one")
}

/// Connections 1 to `count` of a tenant, each with a sealed token.
async fn connected(vault: &Vault, store: &Store, tenant: TenantId, count: u64) {
    for id in 1..=count {
        let sealed = vault.seal(store, &place(tenant, id), &secret(&format!("token {id}"))).await.expect(WORKS);
        put(store, tenant, [connection(tenant, id, Some(sealed))]).await;
    }
}

fn a_vault() -> Vault {
    under(&Counted::new(), &Arc::new(Hand::default()))
}

#[tokio::test]
async fn a_new_key_seals_at_once_and_what_the_old_one_sealed_follows() {
    let (store, vault) = (two_tenants().await, a_vault());
    connected(&vault, &store, ONE, 450).await;
    connected(&vault, &store, TWO, 1).await;
    let row = Endpoint { secrets: vec![], ..endpoint(ONE, 1, SECRET) };
    let stored = receivers::stored(&vault, &store, (ONE, row.id), &secret(SECRET)).await.expect(WORKS);
    put(&store, ONE, [Write::Endpoint(Endpoint { secrets: vec![stored], ..row })]).await;
    assert_eq!(sweep(&vault, &store).await, Ok(Swept::default()), "there is one version");
    assert_eq!(vault.renew(&store, ONE).await, Ok(2));
    let new = vault.seal(&store, &place(ONE, 1000), &secret("new")).await.expect(WORKS);
    assert_eq!(version_of(&new), Some(2));
    assert_eq!(shown(&vault.open(&store, &place(ONE, 7), &token(&store, ONE, 7).await).await.expect(WORKS)), "token 7");
    assert_eq!(sweep(&vault, &store).await, Ok(Swept { resealed: 451, left: 0 }));
    assert_eq!(sweep(&vault, &store).await, Ok(Swept::default()), "nothing is left to do");
    for id in [1, 200, 201, 450] {
        let sealed = token(&store, ONE, id).await;
        assert_eq!(version_of(&sealed), Some(2));
        assert_eq!(shown(&vault.open(&store, &place(ONE, id), &sealed).await.expect(WORKS)), format!("token {id}"));
    }
    assert_eq!(version_of(&token(&store, TWO, 1).await), Some(1), "the other tenant's key is as it was");
    let row = store.endpoints(ONE).await.expect(WORKS).remove(0);
    assert_eq!(version_of(&row.secrets[0]), Some(2));
    assert_eq!(shown(&receivers::opened(&vault, &store, &row).await.expect(WORKS)[0]), SECRET);
}

/// The host that sweeps may still seal by the key that another host has replaced.
#[tokio::test]
async fn a_key_that_another_host_made_is_swept_to_as_well() {
    let (store, root, clock) = (two_tenants().await, Counted::new(), Arc::new(Hand::default()));
    let (vault, other) = (under(&root, &clock), under(&root, &clock));
    connected(&vault, &store, ONE, 3).await;
    other.renew(&store, ONE).await.expect(WORKS);
    assert_eq!(sweep_tenant(&vault, &store, ONE).await, Ok(Swept { resealed: 3, left: 0 }));
    assert_eq!(version_of(&token(&store, ONE, 3).await), Some(2));
}

#[tokio::test]
async fn what_cannot_be_opened_is_counted_and_stops_nothing_else() {
    let (store, vault) = (two_tenants().await, a_vault());
    connected(&vault, &store, ONE, 300).await;
    let stray = token(&store, ONE, 1).await;
    for id in 301..=520 {
        put(&store, ONE, [connection(ONE, id, Some(stray.clone()))]).await;
    }
    put(&store, ONE, [connection(ONE, 600, Some("no sealed text".to_owned()))]).await;
    connected(&vault, &store, ONE, 600).await;
    let (first, last) = (token(&store, ONE, 310).await, token(&store, ONE, 600).await);
    assert_eq!((first, last.as_str()), (stray, "no sealed text"), "a row that is there keeps its token");
    vault.renew(&store, ONE).await.expect(WORKS);
    assert_eq!(sweep_tenant(&vault, &store, ONE).await, Ok(Swept { resealed: 379, left: 221 }));
    assert_eq!(version_of(&token(&store, ONE, 599).await), Some(2));
    let host = host(&store, &vault, Arc::new(Nowhere));
    app::seals::round(&host).await;
    assert!(host.metrics.text().contains("callsheet_secrets_under_old_keys 221\n"), "{}", host.metrics.text());
}

/// Somebody renews a token between the look of the sweep and its write.
#[tokio::test]
async fn a_token_that_was_renewed_meanwhile_stays() {
    let memory = Memory::new();
    let store = Store::Memory(memory.clone());
    put(&store, ONE, [tenant(ONE)]).await;
    let vault = a_vault();
    connected(&vault, &store, ONE, 1).await;
    vault.renew(&store, ONE).await.expect(WORKS);
    let newest = vault.seal(&store, &place(ONE, 1), &secret("newest")).await.expect(WORKS);
    let (was, is, behind) = (token(&store, ONE, 1).await, newest.clone(), memory.clone());
    let once = Mutex::new(Some(Write::Token { connection: ConnectionId(1), was: Some(was), is: Some(is) }));
    let watched = memory.with_hook(Arc::new(move |operation, moment| {
        let due = (operation, moment) == ("tokens_not_under", Moment::After);
        if let Some(write) = once.lock().expect("nobody panics with it").take_if(|_| due) {
            let behind = Store::Memory(behind.clone());
            let renewed = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
                runtime.block_on(put(&behind, ONE, [write]));
            });
            renewed.join().expect("it ends");
        }
        Ok(())
    }));
    assert_eq!(sweep_tenant(&vault, &Store::Memory(watched), ONE).await, Ok(Swept::default()));
    assert_eq!(token(&store, ONE, 1).await, newest);
}

#[tokio::test]
async fn keys_move_to_a_new_root_key_and_whoever_broke_off_goes_on() {
    let memory = Memory::new();
    let (store, clock) = (Store::Memory(memory.clone()), Arc::new(Hand::default()));
    let (old, new) = (Counted::new(), Counted::new());
    let before = under(&old, &clock);
    for tenant_id in [ONE, TWO, TenantId(3)] {
        put(&store, tenant_id, [tenant(tenant_id)]).await;
        connected(&before, &store, tenant_id, 1).await;
    }
    before.renew(&store, TWO).await.expect(WORKS);
    let both = Vault::new(Roots::new(new.clone(), vec![old.clone()]), clock.clone());
    // The second commit is lost: the power went.
    let commits = AtomicUsize::new(0);
    let failing = memory.with_hook(Arc::new(move |operation, moment| {
        let fails = operation == "commit" && moment == Moment::Before && commits.fetch_add(1, Ordering::Relaxed) == 1;
        if fails { Err(StoreError::Unavailable) } else { Ok(()) }
    }));
    assert_eq!(rewrap(&both, &Store::Memory(failing)).await, Err(SealError::Store(StoreError::Unavailable)));
    assert_eq!(store.key_roots().await.expect(WORKS).len(), 2);
    // Hosts that have both go on all the while, and so does one that has only the old one with what is in its memory.
    assert!(both.open(&store, &place(TWO, 1), &token(&store, TWO, 1).await).await.is_ok());
    assert!(before.open(&store, &place(ONE, 1), &token(&store, ONE, 1).await).await.is_ok());
    assert_eq!(rewrap(&both, &store).await, Ok(Moved { keys: 3, others: vec![] }));
    assert_eq!(rewrap(&both, &store).await, Ok(Moved::default()));
    let after = under(&new, &clock);
    assert_eq!(begin(&after, &store).await, Ok(0));
    for tenant_id in [ONE, TWO, TenantId(3)] {
        let opened = after.open(&store, &place(tenant_id, 1), &token(&store, tenant_id, 1).await).await.expect(WORKS);
        assert_eq!(shown(&opened), "token 1");
    }
    let refused = begin(&under(&old, &clock), &store).await;
    let (stored, own) = (new.root().to_owned(), format!("`{}`", old.root()));
    assert_eq!(refused, Err(SealError::OtherRoot { stored, own }));
}

fn configured(secret: &str) -> (Config, setup::Files) {
    let webhook = Webhook { url: "https://hooks.example/own".to_owned(), secret_file: "hook.secret".to_owned() };
    let config = Config { webhook: vec![webhook], ..Config::default() };
    (config, setup::Files { rules: None, secrets: vec![secret.into()] })
}

fn host(store: &Store, vault: &Vault, egress: Arc<dyn Egress>) -> Context {
    Context::new(store.clone(), egress, Arc::new(Hand::default()), "host").with_vault(vault.clone())
}

#[tokio::test]
async fn secrets_that_lie_plain_are_sealed_at_the_first_start_with_a_root_key() {
    let store = Store::Memory(Memory::new());
    let (config, files) = configured(SECRET);
    let without = host(&store, &Vault::without_root(), Arc::new(Nowhere));
    setup::apply(&without, &config, &files).await.expect(WORKS);
    put(&store, ONE, [Write::Endpoint(endpoint(ONE, 77, OTHER))]).await;
    let plain = store.endpoints(ONE).await.expect(WORKS);
    assert_eq!([&plain[0].secrets, &plain[1].secrets], [&[SECRET.to_owned()], &[OTHER.to_owned()]]);

    let vault = a_vault();
    let with = host(&store, &vault, Arc::new(Nowhere));
    setup::apply(&with, &config, &files).await.expect(WORKS);
    let sealed = store.endpoints(ONE).await.expect(WORKS);
    for (row, known) in sealed.iter().zip([SECRET, OTHER]) {
        assert!(row.secrets.iter().all(|text| is_sealed(text)));
        assert_eq!(shown(&receivers::opened(&vault, &store, row).await.expect(WORKS)[0]), known);
    }
    // Starting again writes nothing; another secret in the file is a rotation.
    setup::apply(&with, &config, &files).await.expect(WORKS);
    assert!(store.endpoints(ONE).await.expect(WORKS) == sealed);
    let (config, files) = configured(OTHER);
    setup::apply(&with, &config, &files).await.expect(WORKS);
    let row = store.endpoints(ONE).await.expect(WORKS).remove(0);
    assert!(is_sealed(&row.secrets[0]));
    assert_eq!(shown(&receivers::opened(&vault, &store, &row).await.expect(WORKS)[0]), OTHER);
    // From now on nobody begins without the root key, or with another.
    let refused = setup::apply(&without, &config, &files).await.expect_err("sealed").to_string();
    assert!(
        refused.starts_with("the store's keys are wrapped by the root key `local:") && refused.ends_with("has none"),
        "{refused}"
    );
    let other = host(&store, &a_vault(), Arc::new(Nowhere));
    assert!(setup::apply(&other, &config, &files).await.is_err());
}

#[tokio::test]
async fn a_new_store_with_a_root_key_never_holds_a_plain_secret() {
    let store = Store::Memory(Memory::new());
    let (config, files) = configured(SECRET);
    let with = host(&store, &a_vault(), Arc::new(Nowhere));
    setup::apply(&with, &config, &files).await.expect(WORKS);
    operations::add(&with, ONE, "https://hooks.example/second", secret(OTHER)).await.expect(WORKS);
    let rows = store.endpoints(ONE).await.expect(WORKS);
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().flat_map(|row| &row.secrets).all(|text| is_sealed(text)));
    // With a root key, a plain one was written past us: nothing is signed with it.
    let planted = Endpoint { secrets: vec![SECRET.to_owned()], ..rows[0].clone() };
    assert_eq!(receivers::opened(&with.vault, &store, &planted).await.map(drop), Err(SealError::NotSealed));
    // Nor is one of another receiver.
    let swapped = Endpoint { secrets: rows[1].secrets.clone(), ..rows[0].clone() };
    assert_eq!(receivers::opened(&with.vault, &store, &swapped).await.map(drop), Err(SealError::Refused));
}

#[tokio::test]
async fn without_a_root_key_no_secret_is_stored_that_is_in_no_file() {
    let store = two_tenants().await;
    let without = host(&store, &Vault::without_root(), Arc::new(Nowhere));
    let refused = operations::add(&without, ONE, "https://hooks.example/in", secret(SECRET)).await.map(drop);
    assert_eq!(
        refused.expect_err("nowhere to keep it").to_string(),
        "the host has no root key; docs/secrets.md says how to make one"
    );
    assert!(store.endpoints(ONE).await.expect(WORKS).is_empty());
}

/// Takes note of what it is sent.
#[derive(Default)]
struct Taking(Mutex<Vec<Request>>);

impl Egress for Taking {
    fn call(&self, request: Request) -> Boxed<'_, Result<Response, NetError>> {
        self.0.lock().expect("nobody panics with it").push(request);
        Box::pin(async { Ok(Response::empty(204)) })
    }
}

/// Nothing is lost while the root key's keeper is away, and nothing goes out unsigned.
#[tokio::test]
async fn a_delivery_waits_for_the_keeper_of_the_root_key() {
    let (store, root, clock) = (two_tenants().await, Counted::new(), Arc::new(Hand::default()));
    let world = Arc::new(Taking::default());
    let host = host(&store, &under(&root, &clock), world.clone());
    let row = operations::add(&host, ONE, "https://hooks.example/in", secret(SECRET)).await.expect(WORKS);
    let active = Endpoint { state: EndpointState::Active, due_at: None, version: 1, ..row };
    let (kind, at) = ("recording.planned".to_owned(), host.now());
    let event = OutboxEvent { tenant: ONE, id: EventId(0), kind, subject: "m".to_owned(), body: "{}".to_owned(), at };
    put(&store, ONE, [Write::Endpoint(active), Write::Event(event)]).await;
    let waiting = async || {
        let due = store.due_deliveries(Instant::MAX, 10, 10, &PassedOver::default()).await.expect(WORKS);
        due.into_iter().next()
    };
    host.vault.forget(ONE);
    root.is_away(true);
    app::deliveries::deliver(&host, waiting().await.expect("it waits")).await;
    let postponed = waiting().await.expect("it waits").delivery;
    assert_eq!((postponed.attempts, postponed.last.as_deref()), (1, Some("no-key")));
    assert!(postponed.due_at > Some(host.now()) && world.0.lock().expect("nobody panics with it").is_empty());
    root.is_away(false);
    let mut due = waiting().await.expect("it waits");
    due.delivery.due_at = Some(host.now());
    app::deliveries::deliver(&host, due).await;
    assert!(waiting().await.is_none(), "it was delivered");
    let sent = world.0.lock().expect("nobody panics with it").remove(0);
    let known = Secret::parse(SECRET).expect("a secret");
    assert_eq!(sign::verify(&sent.headers, &sent.body, &known, host.now()), Ok(()));
}
