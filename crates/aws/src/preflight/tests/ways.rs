//! Routes, network ACLs, names and services.

use super::super::facts::{Acl, AclEntry, Endpoint, Nat, Route, RouteTable, Via};
use super::*;

/// As the others', and everything may go out.
fn facts() -> Facts {
    let rules = vec![to_cidr(rule("sg-model", true), "0.0.0.0/0"), to_group(rule("sg-registry", false), "sg-model")];
    Facts { rules: Some(rules), ..super::facts() }
}

fn route(to: &str, via: Via) -> Route {
    Route { to: to.parse().ok(), via, blackhole: false }
}

fn internet_gateway() -> Via {
    Via::InternetGateway("igw-1".to_owned())
}

fn nat() -> Via {
    Via::Nat("nat-1".to_owned())
}

fn table(id: &str, subnets: &[&str], routes: Vec<Route>) -> RouteTable {
    let local = route("10.0.0.0/16", Via::Local);
    RouteTable {
        id: id.to_owned(),
        vpc_id: "vpc-1".to_owned(),
        main: subnets.is_empty(),
        subnets: subnets.iter().map(|subnet| (*subnet).to_owned()).collect(),
        routes: [vec![local], routes].concat(),
    }
}

/// Both subnets use the main table with these routes; a NAT gateway is in a public subnet.
fn routed(routes: Vec<Route>) -> Facts {
    let public = table("rtb-public", &["subnet-public"], vec![route("0.0.0.0/0", internet_gateway())]);
    let gateway = Nat { state: "available".to_owned(), public: true, subnet: "subnet-public".to_owned() };
    Facts {
        tables: Some(vec![table("rtb-main", &[], routes), public]),
        nats: BTreeMap::from([("nat-1".to_owned(), gateway)]),
        ..facts()
    }
}

fn at_host(host: &str) -> Wanted {
    let mut wanted = wanted();
    if let Some(registry) = &mut wanted.registry {
        (registry.host, registry.group) = (host.to_owned(), None);
    }
    wanted
}

fn at_address(facts: Facts, ip: [u8; 4]) -> Facts {
    Facts { interfaces: vec![Address { ip: ip.into(), subnet: Some("subnet-registry".to_owned()) }], ..facts }
}

/// Severity and code of what was found, and where.
fn judged(wanted: &Wanted, facts: &Facts) -> Vec<String> {
    let told = judge(wanted, facts, HERE).diagnostics;
    let told = told.iter().map(|diagnostic| {
        let severity = if diagnostic.is_error() { "error" } else { "warning" };
        let code = diagnostic.detail.rsplit_once(" [").map_or("", |(_, code)| code.trim_end_matches(']'));
        let at = diagnostic.attribute.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{severity} {code} {at}")
    });
    told.collect()
}

#[test]
fn a_nat_gateway_or_a_peering_leads_to_the_registry() {
    let everything = |via: Via| routed(vec![route("0.0.0.0/0", via)]);
    for host in ["ghcr.io", "reg.example.org", "198.51.100.7"] {
        assert_eq!(judged(&at_host(host), &everything(nat())), [""; 0], "{host}");
        let transit = everything(Via::Other("tgw-1".to_owned()));
        assert_eq!(judged(&at_host(host), &transit), [""; 0], "{host}");
    }
    let peered = routed(vec![route("192.168.0.0/16", Via::Other("pcx-1".to_owned()))]);
    assert_eq!(judged(&at_host("192.168.1.1"), &peered), [""; 0]);
    // Or behind a peering, or in the VPC itself.
    assert_eq!(judged(&at_host("reg.example.org"), &peered), [""; 0]);
    assert_eq!(judged(&wanted(), &at_address(routed(Vec::new()), [10, 0, 9, 9])), [""; 0]);
    // Tables that were not told are not held against anybody.
    assert_eq!(judged(&at_host("198.51.100.7"), &facts()), [""; 0]);
    assert_eq!(judged(&at_host("198.51.100.7"), &Facts { tables: Some(Vec::new()), ..facts() }), [""; 0]);
}

#[test]
fn without_a_route_the_registry_is_not_reached() {
    let isolated = routed(Vec::new());
    assert_eq!(judged(&at_host("192.168.1.1"), &isolated), ["error route-missing subnets"]);
    assert_eq!(judged(&at_host("ghcr.io"), &isolated), ["warning route-missing subnets"]);
    // A name may stand for something in the VPC, which only its group tells.
    assert_eq!(judged(&at_host("reg.example.org"), &isolated), ["warning route-missing subnets"]);
    // A private address does not go out to the internet.
    let internet = routed(vec![route("0.0.0.0/0", nat())]);
    assert_eq!(judged(&at_host("192.168.1.1"), &internet), ["error route-missing subnets"]);
    // Only one of the subnets has no way.
    let mut half = routed(vec![route("0.0.0.0/0", nat())]);
    half.tables.get_or_insert_default().push(table("rtb-b", &["subnet-b"], Vec::new()));
    assert_eq!(judged(&at_host("198.51.100.7"), &half), ["warning route-missing subnets"]);
    // What a prefix list holds is not known.
    let mut listed = routed(Vec::new());
    if let Some(table) = listed.tables.as_mut().and_then(|tables| tables.first_mut()) {
        table.routes.push(Route { to: None, via: Via::Other("tgw-1".to_owned()), blackhole: false });
    }
    assert_eq!(judged(&at_host("192.168.1.1"), &listed), [""; 0]);
}

#[test]
fn an_internet_gateway_is_no_way() {
    let public = routed(vec![route("0.0.0.0/0", internet_gateway())]);
    assert_eq!(judged(&at_host("198.51.100.7"), &public), ["error route-internet-gateway subnets"]);
    assert_eq!(judged(&at_host("quay.io"), &public), ["warning route-internet-gateway subnets"]);
    assert_eq!(judged(&at_host("reg.example.org"), &public), ["warning route-internet-gateway subnets"]);
    let peered =
        routed(vec![route("0.0.0.0/0", internet_gateway()), route("172.16.0.0/12", Via::Other("pcx-1".to_owned()))]);
    assert_eq!(judged(&at_host("reg.example.org"), &peered), [""; 0]);
    // The longest prefix decides.
    let better = routed(vec![route("0.0.0.0/0", internet_gateway()), route("198.51.100.0/24", nat())]);
    assert_eq!(judged(&at_host("198.51.100.7"), &better), [""; 0]);
}

#[test]
fn targets_that_are_gone_or_unfit_are_no_way() {
    let gone = Route { blackhole: true, ..route("0.0.0.0/0", nat()) };
    assert_eq!(judged(&at_host("198.51.100.7"), &routed(vec![gone])), ["error route-blackhole subnets"]);
    let with = |change: fn(&mut Nat)| {
        let mut facts = routed(vec![route("0.0.0.0/0", nat())]);
        facts.nats.values_mut().for_each(change);
        judged(&at_host("198.51.100.7"), &facts)
    };
    assert_eq!(with(|_| {}), [""; 0]);
    assert_eq!(with(|nat| nat.state = "failed".to_owned()), ["error nat-unfit subnets"]);
    assert_eq!(with(|nat| nat.public = false), ["error nat-unfit subnets"]);
    assert_eq!(with(|nat| nat.subnet = "subnet-a".to_owned()), ["error nat-unfit subnets"]);
    let mut stranded = routed(vec![route("0.0.0.0/0", nat())]);
    stranded.nats.values_mut().for_each(|nat| nat.subnet = "subnet-alone".to_owned());
    stranded.tables.get_or_insert_default().push(table("rtb-alone", &["subnet-alone"], Vec::new()));
    assert_eq!(judged(&at_host("198.51.100.7"), &stranded), ["error nat-unfit subnets"]);
    let blocked = Facts { blocked: BTreeSet::from(["vpc-1".to_owned()]), ..routed(vec![route("0.0.0.0/0", nat())]) };
    assert_eq!(judged(&at_host("198.51.100.7"), &blocked), ["error public-access-blocked subnets"]);
}

fn entry(number: i32, egress: bool, allow: bool, net: &str, ports: (i32, i32)) -> AclEntry {
    AclEntry { number, egress, allow, protocol: "6".to_owned(), net: net.parse().ok(), ports: Some(ports) }
}

fn open(egress: bool) -> AclEntry {
    AclEntry { protocol: "-1".to_owned(), ports: None, ..entry(100, egress, true, "0.0.0.0/0", (0, 0)) }
}

fn shut(egress: bool) -> AclEntry {
    AclEntry { allow: false, ..open(egress) }
}

fn guarded(id: &str, subnets: &[&str], entries: Vec<AclEntry>) -> Acl {
    Acl { id: id.to_owned(), subnets: subnets.iter().map(|subnet| (*subnet).to_owned()).collect(), entries }
}

fn with_entries(entries: Vec<AclEntry>) -> Facts {
    Facts { acls: Some(vec![guarded("acl-1", &["subnet-a", "subnet-b"], entries)]), ..facts() }
}

#[test]
fn an_acl_lets_requests_out() {
    let wanted = at_host("reg.example.org");
    assert_eq!(judged(&wanted, &with_entries(vec![open(true), open(false)])), [""; 0]);
    assert_eq!(judged(&wanted, &with_entries(vec![shut(true), open(false)])), ["error acl-request subnets"]);
    let denied = entry(90, true, false, "0.0.0.0/0", (400, 500));
    assert_eq!(judged(&wanted, &with_entries(vec![denied, open(true), open(false)])), ["error acl-request subnets"]);
    let other = entry(90, true, false, "0.0.0.0/0", (22, 22));
    let udp = AclEntry { protocol: "17".to_owned(), ..entry(80, true, false, "0.0.0.0/0", (443, 443)) };
    assert_eq!(judged(&wanted, &with_entries(vec![udp, other, open(true), open(false)])), [""; 0]);
    // The registry may be in the part that is allowed, and need not be in the part that is denied.
    let part = entry(90, true, true, "10.0.0.0/8", (443, 443));
    assert_eq!(judged(&wanted, &with_entries(vec![part, open(false)])), [""; 0]);
    let denied = entry(90, true, false, "10.0.0.0/8", (443, 443));
    assert_eq!(judged(&wanted, &with_entries(vec![denied.clone(), open(true), open(false)])), [""; 0]);
    let known = at_address(with_entries(vec![denied, open(true), open(false)]), [10, 0, 9, 9]);
    assert_eq!(judged(&super::wanted(), &known), ["error acl-request subnets"]);
}

#[test]
fn an_acl_lets_answers_in() {
    let wanted = at_host("reg.example.org");
    let answers = |from, to| vec![open(true), entry(90, false, true, "0.0.0.0/0", (from, to))];
    assert_eq!(judged(&wanted, &with_entries(answers(1_024, 65_535))), [""; 0]);
    assert_eq!(judged(&wanted, &with_entries(answers(32_768, 60_999))), [""; 0]);
    assert_eq!(judged(&wanted, &with_entries(answers(443, 443))), ["error acl-answer subnets"]);
    assert_eq!(judged(&wanted, &with_entries(answers(49_152, 65_535))), ["warning acl-answer subnets"]);
    // An ACL of which nothing was told is not held against anybody.
    assert_eq!(judged(&wanted, &with_entries(Vec::new())), [""; 0]);
    // Only one of the subnets is shut.
    let mut half = with_entries(vec![open(true), open(false)]);
    half.acls = Some(vec![
        guarded("acl-1", &["subnet-a"], vec![open(true), open(false)]),
        guarded("acl-2", &["subnet-b"], vec![open(true), shut(false)]),
    ]);
    assert_eq!(judged(&wanted, &half), ["warning acl-answer subnets"]);
}

#[test]
fn the_acl_of_the_registry_is_looked_at_too() {
    let with = |entries: Vec<AclEntry>| {
        let acls = vec![
            guarded("acl-1", &["subnet-a", "subnet-b"], vec![open(true), open(false)]),
            guarded("acl-2", &["subnet-registry"], entries),
        ];
        judged(&wanted(), &at_address(Facts { acls: Some(acls), ..facts() }, [10, 0, 9, 9]))
    };
    assert_eq!(with(vec![open(true), open(false)]), [""; 0]);
    assert_eq!(with(vec![open(true), shut(false)]), ["error acl-request subnets"]);
    assert_eq!(with(vec![shut(true), open(false)]), ["error acl-answer subnets"]);
    let half = entry(90, false, true, "10.0.1.0/24", (443, 443));
    assert_eq!(with(vec![open(true), half]), ["warning acl-request subnets"]);
}

#[test]
fn private_hosted_zones_need_host_names() {
    let off = Facts { dns_hostnames: BTreeMap::from([("vpc-1".to_owned(), false)]), ..facts() };
    assert_eq!(judged(&at_host("reg.example.org"), &off), ["warning dns-hostnames subnets"]);
    assert_eq!(judged(&at_host("ghcr.io"), &off), [""; 0]);
    let mute = Facts { dns: BTreeMap::from([("vpc-1".to_owned(), false)]), ..off };
    assert_eq!(judged(&at_host("reg.example.org"), &mute), ["warning dns-support subnets"]);
}

#[test]
fn rules_are_compared_with_known_addresses() {
    let out = |net: &str| Facts {
        rules: Some(vec![to_cidr(rule("sg-model", true), net), to_group(rule("sg-registry", false), "sg-model")]),
        ..at_address(facts(), [10, 0, 9, 9])
    };
    assert_eq!(judged(&wanted(), &out("10.0.9.0/24")), [""; 0]);
    assert_eq!(judged(&wanted(), &out("10.0.8.0/24")), ["error group-outbound security_group_ids"]);
    let mut inward = facts();
    inward.rules = Some(vec![to_group(rule("sg-model", true), "sg-else")]);
    assert_eq!(judged(&at_host("reg.example.org"), &inward), [""; 0]);
    assert_eq!(judged(&at_host("ghcr.io"), &inward), ["error group-outbound security_group_ids"]);
}

fn with_artifact() -> Wanted {
    let artifact = Artifact::of("s3://models/a/model.tar.gz", Path::attribute("model_data_url"));
    Wanted { registry: None, artifacts: artifact.into_iter().collect(), ..wanted() }
}

fn endpoint(service: &str) -> Endpoint {
    let service = format!("com.amazonaws.us-east-1.{service}");
    Endpoint { id: "vpce-1".to_owned(), vpc_id: "vpc-1".to_owned(), service, ..Endpoint::default() }
}

fn gateway_endpoint() -> Endpoint {
    Endpoint { gateway: true, tables: BTreeSet::from(["rtb-main".to_owned()]), ..endpoint("s3") }
}

fn serving(routes: Vec<Route>, endpoints: Vec<Endpoint>) -> Facts {
    Facts { endpoints: Some(endpoints), ..routed(routes) }
}

#[test]
fn artifacts_need_a_way_to_s3() {
    let wanted = with_artifact();
    assert_eq!(wanted.artifacts.len(), 1);
    let none = ["warning s3-unreachable subnets"];
    assert_eq!(judged(&wanted, &serving(Vec::new(), Vec::new())), none);
    assert_eq!(judged(&wanted, &serving(vec![route("0.0.0.0/0", internet_gateway())], Vec::new())), none);
    assert_eq!(judged(&wanted, &serving(Vec::new(), vec![endpoint("s3express")])), none);
    assert_eq!(judged(&wanted, &serving(vec![route("0.0.0.0/0", nat())], Vec::new())), [""; 0]);
    assert_eq!(
        judged(&wanted, &serving(vec![route("10.9.0.0/16", Via::Other("tgw".to_owned()))], Vec::new())),
        [""; 0]
    );
    assert_eq!(judged(&wanted, &serving(Vec::new(), vec![gateway_endpoint()])), [""; 0]);
    let elsewhere = Endpoint { tables: BTreeSet::from(["rtb-public".to_owned()]), ..gateway_endpoint() };
    assert_eq!(judged(&wanted, &serving(Vec::new(), vec![elsewhere])), none);
    // Endpoints that were not told are not held against anybody.
    assert_eq!(judged(&wanted, &routed(Vec::new())), [""; 0]);
}

#[test]
fn an_endpoint_of_the_same_plan_counts() {
    let planned = |tables: Value| {
        let after = Value::object([
            ("id", Value::unknown(Type::String)),
            ("vpc_id", Value::string("vpc-1")),
            ("service_name", Value::string("com.amazonaws.us-east-1.s3")),
            ("vpc_endpoint_type", Value::string("Gateway")),
            ("route_table_ids", tables),
        ]);
        PlannedObject { type_name: "aws_vpc_endpoint".into(), before: None, after: Some(after) }
    };
    let without = || serving(Vec::new(), Vec::new());
    let set = |id: &str| Value::set(Type::String, [Value::string(id)]);
    let with = |facts: Facts, plan: &PlannedObject| {
        judged(&with_artifact(), &pending::after(facts, std::slice::from_ref(plan)))
    };
    assert_eq!(with(without(), &planned(set("rtb-main"))), [""; 0]);
    assert_eq!(with(without(), &planned(Value::unknown(Type::set(Type::String)))), [""; 0]);
    let none = ["warning s3-unreachable subnets"];
    assert_eq!(with(without(), &planned(set("rtb-public"))), none);
    let gone = PlannedObject {
        before: Some(Value::object([("id", Value::string("vpce-1"))])),
        after: None,
        ..planned(set("rtb-main"))
    };
    assert_eq!(with(serving(Vec::new(), vec![gateway_endpoint()]), &gone), none);
}

#[test]
fn the_policy_of_an_endpoint_lets_the_bucket_through() {
    let with = |resource: &str| {
        let statement =
            serde_json::json!({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": resource});
        let policy = serde_json::json!({ "Statement": [statement] }).to_string();
        let endpoint = Endpoint { policy: Some(policy), ..gateway_endpoint() };
        judged(&with_artifact(), &serving(Vec::new(), vec![endpoint]))
    };
    assert_eq!(with("*"), [""; 0]);
    assert_eq!(with("arn:aws:s3:::models/*"), [""; 0]);
    assert_eq!(with("arn:aws:s3:::others/*"), ["warning endpoint-policy model_data_url"]);
}

#[test]
fn an_interface_endpoint_lets_the_model_in() {
    let interface =
        Endpoint { private_dns: true, groups: BTreeSet::from(["sg-endpoint".to_owned()]), ..endpoint("s3") };
    let with = |rules: Vec<Rule>| {
        let ruled = BTreeSet::from(["sg-endpoint".to_owned()]);
        let facts = Facts { rules: Some(rules), ruled, ..serving(Vec::new(), vec![interface.clone()]) };
        judged(&with_artifact(), &facts)
    };
    assert_eq!(with(vec![to_group(rule("sg-endpoint", false), "sg-model")]), [""; 0]);
    assert_eq!(with(vec![to_cidr(rule("sg-endpoint", false), "10.0.0.0/16")]), [""; 0]);
    let closed = ["warning endpoint-group security_group_ids"];
    assert_eq!(with(vec![to_group(rule("sg-endpoint", false), "sg-else")]), closed);
    assert_eq!(with(vec![to_cidr(rule("sg-endpoint", true), "0.0.0.0/0")]), closed);
    assert_eq!(with(Vec::new()), closed);
    // Without private DNS, the name of S3 does not lead to it.
    let nameless = Endpoint { private_dns: false, ..interface };
    assert_eq!(judged(&with_artifact(), &serving(Vec::new(), vec![nameless])), ["warning s3-unreachable subnets"]);
}

#[test]
fn credentials_need_a_way_to_lambda() {
    let wanted = Wanted { credentials_provider: Some(Path::attribute("arn")), ..at_host("reg.example.org") };
    let none = ["warning route-missing subnets", "warning lambda-unreachable subnets"];
    assert_eq!(judged(&wanted, &serving(Vec::new(), vec![gateway_endpoint()])), none);
    let lambda = Endpoint { private_dns: true, ..endpoint("lambda") };
    assert_eq!(judged(&wanted, &serving(Vec::new(), vec![lambda])), none[..1]);
    assert_eq!(judged(&wanted, &serving(vec![route("0.0.0.0/0", nat())], Vec::new())), [""; 0]);
}

#[test]
fn the_guide_explains_every_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guides/private-registry.md");
    let guide = std::fs::read_to_string(path).unwrap_or_default();
    let missing: Vec<&str> =
        Code::ALL.iter().map(|code| code.text()).filter(|code| !guide.contains(&format!("\n| `{code}` | "))).collect();
    assert_eq!(missing, [""; 0]);
}
