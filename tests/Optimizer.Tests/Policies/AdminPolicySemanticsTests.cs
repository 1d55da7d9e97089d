using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Tests.Policies;

public sealed class AdminPolicySemanticsTests
{
    private const string All = "subject: {namespaces: {}}";
    private const string FromObs = "from: [{namespaces: {matchLabels: {team: obs}}}]";

    [Fact]
    public void An_admin_deny_overrules_a_network_policy_that_allows() => Assert.False(
        Under(Admin("a", 1, $"ingress: [{{action: Deny, {FromObs}}}]"), Manifest.Policy("p", "{podSelector: {}, ingress: [{}]}")).Can("mon/prom", "shop/db", 80));

    [Fact]
    public void An_admin_allow_overrules_a_network_policy_that_isolates() => Assert.True(
        Under(Admin("a", 1, $"ingress: [{{action: Allow, {FromObs}}}]"), Manifest.Policy("p", "{podSelector: {}}")).Can("mon/prom", "shop/db", 80));

    [Theory]
    [InlineData("Allow", false)]
    [InlineData("Deny", false)]
    [InlineData("Pass", false)]
    [InlineData("Pass", true)]
    public void A_peer_without_fields_fails_closed(string action, bool hasAllow)
    {
        // A file with such a peer is refused: one comes from a server of a later version.
        var later = new AdminNetworkPolicy
        {
            Metadata = new ObjectMeta { Name = "a" },
            Spec = new AdminNetworkPolicySpec { Priority = 1, Subject = new AdminPolicySubject { Namespaces = LabelSelector.Everything }, Ingress = [new AdminNetworkPolicyRule { Action = action, From = [new AdminPolicyPeer()] }] },
        };
        var cluster = Manifest.Read(hasAllow ? $"{Manifest.Shop}---\n{Admin("b", 2, $"ingress: [{{action: Allow, {FromObs}}}]")}" : Manifest.Shop);
        var engine = PolicyEngine.Build(cluster with { AdminNetworkPolicies = [later, .. cluster.AdminNetworkPolicies] });
        Assert.Equal(action == "Allow", engine.Can("mon/prom", "shop/db", 80));
    }

    [Fact]
    public void The_lowest_priority_decides() => Assert.True(
        Under(Admin("a", 2, $"ingress: [{{action: Deny, {FromObs}}}]"), Admin("b", 1, $"ingress: [{{action: Allow, {FromObs}}}]")).Can("mon/prom", "shop/db", 80));

    [Fact]
    public void The_first_rule_of_a_policy_decides() => Assert.False(
        Under(Admin("a", 1, $"ingress: [{{action: Deny, {FromObs}}}, {{action: Allow, {FromObs}}}]")).Can("mon/prom", "shop/db", 80));

    [Fact]
    public void Pass_ends_the_tier_and_leaves_it_to_network_policies()
    {
        var engine = Under(Admin("a", 1, $"ingress: [{{action: Pass, {FromObs}}}]"), Admin("b", 2, $"ingress: [{{action: Allow, {FromObs}}}]"), Manifest.Policy("p", "{podSelector: {}}"));
        var verdict = engine.Ask("mon/prom", "shop/db", 80);
        Assert.False(verdict.IsAllowed);
        Assert.Equal("AdminNetworkPolicy a ingress[0]", verdict.Ingress.PassedBy?.ToString());
    }

    [Fact]
    public void The_baseline_decides_only_where_no_network_policy_isolates_in_that_direction()
    {
        var baseline = Baseline($"ingress: [{{action: Deny, from: [{{namespaces: {{}}}}]}}], egress: [{{action: Deny, to: [{{namespaces: {{}}}}]}}]");
        var engine = Under(baseline, Manifest.Policy("p", "{podSelector: {}, policyTypes: [Ingress], ingress: [{}]}"));
        Assert.True(engine.Ask("mon/prom", "shop/db", 80).Ingress.IsAllowed);
        Assert.False(engine.Ask("mon/prom", "shop/db", 80).Egress.IsAllowed);
        Assert.False(engine.Ask("shop/db", "shop/web", 80).Egress.IsAllowed);
    }

    [Fact]
    public void A_denial_of_all_namespaces_leaves_outside_addresses_alone() => Assert.True(
        Under(Admin("a", 1, "ingress: [{action: Deny, from: [{namespaces: {}}]}]")).Can("203.0.113.9", "shop/db", 80));

    [Fact]
    public void A_named_port_matches_the_destinations_number_and_protocol_only()
    {
        var engine = Under(Admin("a", 1, "ingress: [{action: Deny, from: [{namespaces: {}}], ports: [{namedPort: stats}]}]"));
        Assert.False(engine.Can("mon/prom", "shop/web", 9000, TransportProtocol.Udp));
        Assert.True(engine.Can("mon/prom", "shop/web", 9000));
        Assert.True(engine.Can("mon/prom", "shop/db", 9000, TransportProtocol.Udp));
    }

    [Fact]
    public void Nodes_are_peers_by_their_addresses()
    {
        var engine = Under(Admin("a", 1, "egress: [{action: Deny, to: [{nodes: {matchLabels: {zone: a}}}]}]"));
        Assert.False(engine.Can("shop/db", "172.18.0.1", 10250));
        Assert.False(engine.Can("shop/db", "mon/agent", 9100));
        Assert.True(engine.Can("shop/web", "172.18.0.2", 10250));
    }

    [Fact]
    public void Networks_match_pods_too() => Assert.False(Under(Admin("a", 1, "egress: [{action: Deny, to: [{networks: [10.0.1.0/24]}]}]")).Can("shop/db", "mon/prom", 9090));

    [Fact]
    public void A_ClusterNetworkPolicy_says_Accept_and_names_its_tier()
    {
        const string deny = "{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: deny}, spec: {tier: Baseline, priority: 5, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}}\n";
        const string accept = "{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: accept}, spec: {tier: Baseline, priority: 4, subject: {namespaces: {}}, ingress: [{action: Accept, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {range: {start: 80, end: 90}}}}, {udp: {destinationPort: {number: 91}}}]}]}}\n";
        var engine = Under(deny, accept);
        Assert.True(engine.Can("mon/prom", "shop/db", 85));
        Assert.False(engine.Can("mon/prom", "shop/db", 91));
        Assert.True(engine.Can("mon/prom", "shop/db", 91, TransportProtocol.Udp));
    }

    private static PolicyEngine Under(params string[] policies) => PolicyEngine.Build(Manifest.Read($"{Manifest.Shop}---\n{string.Join("---\n", policies)}"));

    private static string Admin(string name, int priority, string rules) =>
        $"{{apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy, metadata: {{name: {name}}}, spec: {{priority: {priority}, {All}, {rules}}}}}\n";

    private static string Baseline(string rules) =>
        $"{{apiVersion: policy.networking.k8s.io/v1alpha1, kind: BaselineAdminNetworkPolicy, metadata: {{name: default}}, spec: {{{All}, {rules}}}}}\n";
}
