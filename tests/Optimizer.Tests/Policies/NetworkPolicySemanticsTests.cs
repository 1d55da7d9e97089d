using NetPulse.Optimizer.Policies;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Tests.Policies;

public sealed class NetworkPolicySemanticsTests
{
    [Fact]
    public void Without_a_policy_everyone_reaches_everyone()
    {
        var verdict = PolicyEngine.Build(Manifest.Read(Manifest.Shop)).Ask("mon/prom", "shop/db", 5432);
        Assert.True(verdict.IsAllowed);
        Assert.Equal(VerdictReason.NoPolicy, verdict.Ingress.Reason);
    }

    [Theory]
    [InlineData("{podSelector: {}}")]
    [InlineData("{podSelector: {}, ingress: []}")]
    [InlineData("{podSelector: {}, ingress: }")]
    [InlineData("{}")]
    public void A_policy_without_ingress_rules_denies_ingress_and_leaves_egress(string spec)
    {
        var engine = Manifest.ShopUnder(spec);
        Assert.False(engine.Can("shop/web", "shop/db", 80));
        Assert.True(engine.Can("shop/db", "mon/prom", 80));
    }

    [Theory]
    [InlineData("{podSelector: {}, ingress: [{}]}")]
    [InlineData("{podSelector: {}, ingress: [{from: [], ports: []}]}")]
    [InlineData("{podSelector: {}, ingress: [null]}")]
    [InlineData("{podSelector: {}, ingress: [{from: }]}")]
    public void A_rule_without_peers_and_ports_allows_everyone(string spec)
    {
        var engine = Manifest.ShopUnder(spec);
        Assert.True(engine.Can("mon/prom", "shop/db", 5432));
        Assert.True(engine.Can("203.0.113.9", "shop/db", 1, TransportProtocol.Sctp));
    }

    [Fact]
    public void Egress_rules_without_policyTypes_deny_ingress_too()
    {
        var engine = Manifest.ShopUnder("{podSelector: {}, egress: [{}]}");
        Assert.True(engine.Can("shop/web", "mon/prom", 80));
        Assert.False(engine.Can("mon/prom", "shop/web", 80));
    }

    [Fact]
    public void Rules_of_a_direction_that_policyTypes_leave_out_do_nothing()
    {
        var engine = Manifest.ShopUnder("{podSelector: {}, policyTypes: [Egress], ingress: [{from: [{podSelector: {}}]}]}");
        Assert.True(engine.Can("mon/prom", "shop/web", 80));
        Assert.False(engine.Can("shop/web", "shop/db", 80));
    }

    [Fact]
    public void A_pod_selector_alone_stays_in_the_policys_namespace()
    {
        var engine = Manifest.ShopUnder("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}");
        Assert.True(engine.Can("shop/web", "shop/db", 80));
        Assert.False(engine.Can("mon/prom", "shop/db", 80));
    }

    [Fact]
    public void Two_selectors_in_one_peer_must_both_match()
    {
        var engine = Manifest.ShopUnder("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: obs}}, podSelector: {matchLabels: {app: web}}}]}]}");
        Assert.False(engine.Can("mon/prom", "shop/db", 80));
        Assert.False(engine.Can("shop/web", "shop/db", 80));
    }

    [Fact]
    public void Two_peers_of_one_rule_are_alternatives()
    {
        var engine = Manifest.ShopUnder("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: obs}}}, {podSelector: {matchLabels: {app: web}}}]}]}");
        Assert.True(engine.Can("mon/prom", "shop/db", 80));
        Assert.True(engine.Can("shop/web", "shop/db", 80));
    }

    [Fact]
    public void Every_namespace_carries_its_name_as_a_label() => Assert.True(
        Manifest.ShopUnder("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: mon}}}]}]}").Can("mon/prom", "shop/db", 80));

    [Fact]
    public void NotIn_matches_what_lacks_the_key()
    {
        var engine = Manifest.ShopUnder("{podSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [x]}]}}");
        Assert.False(engine.Can("mon/prom", "shop/web", 80));
        Assert.False(engine.Can("mon/prom", "shop/db", 80));
    }

    [Theory]
    [InlineData("{matchLabels: {tier: \"\"}}")]
    [InlineData("{matchLabels: {tier: }}")]
    [InlineData("{matchExpressions: [{key: tier, operator: Exists}]}")]
    [InlineData("{matchExpressions: [{key: tier, operator: In, values: [\"\"]}]}")]
    public void An_empty_label_is_not_an_absent_one(string selector)
    {
        var engine = Manifest.ShopUnder($"{{podSelector: {selector}}}");
        Assert.False(engine.Can("mon/prom", "shop/web", 80));
        Assert.True(engine.Can("mon/prom", "shop/db", 80));
    }

    [Fact]
    public void A_selector_that_contradicts_itself_isolates_nobody() => Assert.True(
        Manifest.ShopUnder("{podSelector: {matchExpressions: [{key: app, operator: Exists}, {key: app, operator: DoesNotExist}]}}").Can("mon/prom", "shop/db", 80));

    [Fact]
    public void A_named_port_is_the_port_of_each_destination()
    {
        var engine = Manifest.ShopUnder("{podSelector: {}, ingress: [{ports: [{port: http}]}]}");
        Assert.True(engine.Can("mon/prom", "shop/web", 8080));
        Assert.False(engine.Can("mon/prom", "shop/web", 80));
        Assert.True(engine.Can("mon/prom", "shop/db", 80));
    }

    [Fact]
    public void A_named_port_in_egress_is_looked_up_at_the_peer()
    {
        var engine = Manifest.ShopUnder("{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{ports: [{port: pg}]}]}");
        Assert.True(engine.Can("shop/web", "shop/db", 5432));
        Assert.False(engine.Can("shop/web", "mon/prom", 5432));
        Assert.False(engine.Can("shop/web", "203.0.113.9", 5432));
    }

    [Fact]
    public void A_named_port_matches_no_address_outside()
    {
        var engine = Manifest.ShopUnder("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: http}]}]}");
        Assert.False(engine.Can("shop/web", "203.0.113.1", 80) || engine.Can("shop/web", "203.0.113.1", 8080));
    }

    [Fact]
    public void A_named_port_of_another_protocol_is_another_port()
    {
        Assert.False(Manifest.ShopUnder("{podSelector: {}, ingress: [{ports: [{port: stats}]}]}").Can("mon/prom", "shop/web", 9000, TransportProtocol.Udp));
        Assert.True(Manifest.ShopUnder("{podSelector: {}, ingress: [{ports: [{port: stats, protocol: UDP}]}]}").Can("mon/prom", "shop/web", 9000, TransportProtocol.Udp));
    }

    [Fact]
    public void The_named_port_of_a_sidecar_counts()
    {
        const string sidecar =
            """
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: side, namespace: shop, labels: {app: side}}
            spec:
              initContainers:
              - {name: proxy, restartPolicy: Always, ports: [{name: admin, containerPort: 15000}]}
              - {name: setup, ports: [{name: admin, containerPort: 1}]}
            status: {podIP: 10.0.0.3}
            ---

            """;
        var engine = PolicyEngine.Build(Manifest.Read(Manifest.Shop + sidecar + Manifest.Policy("p", "{podSelector: {}, ingress: [{ports: [{port: admin}]}]}")));
        Assert.True(engine.Can("mon/prom", "shop/side", 15000));
        Assert.False(engine.Can("mon/prom", "shop/side", 1));
    }

    [Fact]
    public void A_range_of_ports_includes_both_ends()
    {
        var engine = Manifest.ShopUnder("{podSelector: {}, ingress: [{ports: [{port: 100, endPort: 200}]}]}");
        Assert.Equal([false, true, true, false], new[] { 99, 100, 200, 201 }.Select(port => engine.Can("mon/prom", "shop/db", port)));
    }

    [Fact]
    public void A_protocol_without_a_port_is_every_port_of_it_and_no_other()
    {
        var engine = Manifest.ShopUnder("{podSelector: {}, ingress: [{ports: [{protocol: UDP}]}]}");
        Assert.True(engine.Can("mon/prom", "shop/db", 65535, TransportProtocol.Udp));
        Assert.False(engine.Can("mon/prom", "shop/db", 53));
    }

    [Fact]
    public void An_address_block_matches_pods_and_outside_addresses_alike()
    {
        var engine = Manifest.ShopUnder("{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/16, except: [10.0.1.0/24]}}]}]}");
        Assert.True(engine.Can("shop/web", "shop/db", 80));
        Assert.False(engine.Can("mon/prom", "shop/db", 80));
        Assert.True(engine.Can("10.0.2.0", "shop/db", 80));
        Assert.False(engine.Can("10.0.1.255", "shop/db", 80));
        Assert.False(engine.Can("10.1.0.0", "shop/db", 80));
    }

    [Fact]
    public void An_address_that_a_pod_has_is_that_pod() => Assert.True(
        Manifest.ShopUnder("{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}").Can("10.0.0.1", "10.0.0.2", 80));

    [Fact]
    public void All_of_IPv4_is_not_IPv6()
    {
        var engine = Manifest.ShopUnder("{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}");
        Assert.True(engine.Can("shop/web", "203.0.113.9", 443));
        Assert.False(engine.Can("shop/web", "2001:db8::1", 443));
    }

    [Fact]
    public void A_pod_of_two_families_is_matched_by_the_address_in_use()
    {
        const string dual =
            """
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: dual, namespace: mon, labels: {app: dual}}
            status: {podIP: 10.0.9.9, podIPs: [{ip: 10.0.9.9}, {ip: "2001:db8::9"}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: six, namespace: shop, labels: {app: six}}
            status: {podIP: "2001:db8::6"}
            ---

            """;
        var engine = PolicyEngine.Build(Manifest.Read(Manifest.Shop + dual + Manifest.Policy("p", "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: \"2001:db8::/64\"}}]}]}")));
        Assert.True(engine.Can("mon/dual", "shop/six", 80));
        Assert.False(engine.Can("mon/dual", "shop/db", 80));
    }

    [Fact]
    public void A_pod_on_the_host_network_is_neither_isolated_nor_selected()
    {
        var engine = PolicyEngine.Build(Manifest.Read(
            $"{Manifest.Shop}---\n{Manifest.Policy("p", "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}")}---\n{Manifest.Policy("q", "{podSelector: {}}").Replace("namespace: shop", "namespace: mon", StringComparison.Ordinal)}"));
        Assert.True(engine.Can("shop/db", "mon/agent", 9100));
        Assert.False(engine.Can("mon/agent", "shop/db", 80));
    }

    [Fact]
    public void A_pod_and_its_own_node_always_reach_each_other()
    {
        var engine = Manifest.ShopUnder("{podSelector: {}, policyTypes: [Ingress, Egress]}");
        Assert.Equal(VerdictReason.OwnNode, engine.Ask("mon/agent", "shop/web", 8080).Ingress.Reason);
        Assert.True(engine.Can("172.18.0.1", "shop/web", 8080));
        Assert.True(engine.Can("shop/web", "172.18.0.1", 10250));
        Assert.False(engine.Can("172.18.0.1", "shop/db", 80));
    }

    [Fact]
    public void A_pod_always_reaches_itself() => Assert.True(Manifest.ShopUnder("{podSelector: {}, policyTypes: [Ingress, Egress]}").Can("shop/web", "10.0.0.1", 8080));

    [Theory]
    [InlineData("Succeeded")]
    [InlineData("Failed")]
    public void A_pod_that_has_ended_gives_its_address_back(string phase)
    {
        var ended = $"---\n{{apiVersion: v1, kind: Pod, metadata: {{name: job, namespace: shop, labels: {{app: web}}}}, status: {{phase: {phase}, podIP: 10.0.0.7}}}}\n---\n";
        var engine = PolicyEngine.Build(Manifest.Read(Manifest.Shop + ended + Manifest.Policy("p", "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}")));
        Assert.False(engine.Can("10.0.0.7", "shop/db", 80));
    }

    [Fact]
    public void A_verdict_names_the_rules_that_allow_and_the_policies_that_isolate()
    {
        var engine = Manifest.ShopUnder("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}, {ports: [{port: 80}]}]}");
        Assert.Equal("allowed by NetworkPolicy shop/p ingress[0] and NetworkPolicy shop/p ingress[1]", engine.Ask("shop/web", "shop/db", 80).Ingress.ToString());
        Assert.Equal("denied: isolated by NetworkPolicy shop/p, of which no rule allows it", engine.Ask("mon/prom", "shop/db", 81).Ingress.ToString());
    }
}
