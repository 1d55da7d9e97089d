using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Files;
using NetPulse.Optimizer.Policies;
using NetPulse.Optimizer.Policies.Manifests;
using NetPulse.Optimizer.Policies.Ports;
using NetPulse.Optimizer.Policies.Questions;

namespace NetPulse.Optimizer.Tests.Policies;

public sealed class QuestionTests
{
    [Fact]
    public void A_rule_that_another_one_covers_is_redundant_and_the_other_is_not()
    {
        var use = Assert.Single(Redundancy.Find(Manifest.ShopUnder("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}, {from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 80}]}]}")));
        Assert.Equal([false, true], use.Rules.Select(static r => r.IsRedundant));
        Assert.Equal(["shop/db", "shop/web"], use.Selects.AsEnumerable());
        Assert.False(use.IsRemovable);
    }

    [Fact]
    public void A_rule_for_pods_that_do_not_exist_is_redundant()
    {
        var rule = Assert.Single(Assert.Single(Redundancy.Find(Manifest.ShopUnder("{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: gone}}}]}]}"))).Rules);
        Assert.True(rule is { IsRedundant: true, IsActive: true });
        Assert.Equal([0], rule.PodsOfPeers.AsEnumerable());
    }

    [Fact]
    public void A_rule_in_a_direction_that_policyTypes_leave_out_is_inactive()
    {
        var rule = Assert.Single(Assert.Single(Redundancy.Find(Manifest.ShopUnder("{podSelector: {}, policyTypes: [Egress], ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}"))).Rules);
        Assert.True(rule is { IsRedundant: true, IsActive: false });
        Assert.Equal([null], rule.PodsOfPeers.AsEnumerable());
    }

    [Fact]
    public void A_rule_that_lets_the_only_pod_reach_itself_is_redundant() => Assert.True(
        Assert.Single(Assert.Single(Redundancy.Find(Manifest.ShopUnder("{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: db}}}]}]}"))).Rules).IsRedundant);

    [Fact]
    public void A_policy_that_allows_everything_is_removable() => Assert.True(
        Assert.Single(Redundancy.Find(Manifest.ShopUnder("{podSelector: {}, ingress: [{}]}"))).IsRemovable);

    [Fact]
    public void A_difference_says_what_opens_and_what_closes_between_whom()
    {
        var difference = Difference.Between(
            Manifest.ShopUnder("{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 80, endPort: 90}]}]}"),
            Manifest.ShopUnder("{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 85, endPort: 95}]}]}"));
        var change = Assert.Single(difference.Changes);
        Assert.Equal(("shop/web", "shop/db"), (change.From.ToString(), change.To.ToString()));
        Assert.Equal("91-95/TCP", PortText.Of(change.Added));
        Assert.Equal("80-84/TCP", PortText.Of(change.Removed));
    }

    [Fact]
    public void Pods_that_only_one_side_has_are_named()
    {
        var difference = Difference.Between(
            PolicyEngine.Build(Manifest.Read(Manifest.Shop)),
            PolicyEngine.Build(Manifest.Read(Manifest.Shop.Replace("name: prom", "name: thanos", StringComparison.Ordinal))));
        Assert.Equal(["mon/thanos"], difference.NewPods.AsEnumerable());
        Assert.Equal(["mon/prom"], difference.GonePods.AsEnumerable());
    }

    [Theory]
    [InlineData("{podSelector: {}}", "mon/prom", "shop/db")]
    [InlineData("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}", "mon/prom", "shop/db")]
    [InlineData("{podSelector: {}, policyTypes: [Ingress, Egress]}", "shop/web", "shop/db")]
    [InlineData("{podSelector: {}, policyTypes: [Egress]}", "shop/web", "203.0.113.9")]
    [InlineData("{podSelector: {}}", "203.0.113.9", "shop/db")]
    [InlineData("{podSelector: {matchLabels: {app: db}}}", "mon/prom", "shop/db")]
    [InlineData("{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 81}]}]}", "mon/prom", "shop/db")]
    [InlineData("{podSelector: {}, ingress: [{}]}", "mon/prom", "shop/db")]
    [InlineData("{podSelector: {}, ingress: [{}, {ports: [{port: 81}]}, {from: [{namespaceSelector: {}}]}]}", "mon/prom", "shop/db")]
    [InlineData("{podSelector: {}, egress: [{}]}", "shop/web", "mon/prom")]
    public void The_patch_turns_the_verdict(string spec, string from, string to) => AssertTurns(Manifest.Policy("p", spec), from, to);

    [Theory]
    [InlineData("{apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy, metadata: {name: p}, spec: {priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}}")]
    [InlineData("{apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy, metadata: {name: p}, spec: {priority: 1, subject: {namespaces: {}}, egress: [{action: Allow, to: [{networks: [10.0.0.0/8]}]}]}}")]
    [InlineData("{apiVersion: policy.networking.k8s.io/v1alpha1, kind: BaselineAdminNetworkPolicy, metadata: {name: default}, spec: {subject: {namespaces: {}}, egress: [{action: Deny, to: [{networks: [10.0.0.0/8]}]}]}}")]
    [InlineData("{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: p}, spec: {tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}}")]
    public void The_patch_of_an_admin_policy_turns_the_verdict(string policy) => AssertTurns(policy, "mon/prom", "shop/db");

    [Fact]
    public void A_default_deny_is_left_alone_when_a_policy_for_one_pod_does()
    {
        var engine = Manifest.ShopUnder("{podSelector: {}}");
        var remedy = Assert.IsType<Remedy.NewPolicy>(Assert.Single(Remedies.For(engine, engine.Party("mon/prom"), engine.Party("shop/db"), TransportProtocol.Tcp, 5432)));
        Assert.Equal("NetworkPolicy shop/allow-ingress-5432-tcp-db", remedy.Policy.ToString());
        Assert.Equal("opens 5432/TCP to the pod shop/db, for the pod mon/prom", remedy.Effect);
        Assert.Equal("""{"matchLabels":{"app":"db"}}""", remedy.Manifest["spec"]!["podSelector"]!.ToJsonString());
    }

    [Fact]
    public void A_policy_that_selects_no_more_than_the_pod_is_patched()
    {
        var engine = Manifest.ShopUnder("{podSelector: {matchLabels: {app: db}}}");
        var remedy = Assert.IsType<Remedy.Patch>(Assert.Single(Remedies.For(engine, engine.Party("mon/prom"), engine.Party("shop/db"), TransportProtocol.Tcp, 5432)));
        Assert.Equal("/spec/ingress", remedy.Operations[0]!["path"]!.GetValue<string>());
    }

    [Fact]
    public void A_pod_without_labels_of_its_own_gets_no_patch()
    {
        var inputs = Manifest.Shop.Replace("labels: {app: prom}", "labels: {pod-template-hash: abc}", StringComparison.Ordinal);
        var engine = PolicyEngine.Build(Manifest.Read($"{inputs}---\n{Manifest.Policy("p", "{podSelector: {}}")}"));
        Assert.Empty(Remedies.For(engine, engine.Party("mon/prom"), engine.Party("shop/db"), TransportProtocol.Tcp, 80));
    }

    private static void AssertTurns(string policy, string from, string to)
    {
        var engine = PolicyEngine.Build(Manifest.Read($"{Manifest.Shop}---\n{policy}"));
        var was = engine.Ask(from, to, 80).IsAllowed;
        var remedies = Remedies.For(engine, engine.Party(from), engine.Party(to), TransportProtocol.Tcp, 80);
        Assert.NotEmpty(remedies);

        var root = ManifestObject.ParseAll("p.yaml", policy, []).Single().Root;
        var added = new List<ManifestObject>();
        foreach (var remedy in remedies)
        {
            switch (remedy)
            {
                case Remedy.Patch patch:
                    Assert.All(patch.Operations, operation => Apply(root, operation!.AsObject()));
                    break;
                case Remedy.NewPolicy created:
                    added.Add(ManifestObject.OfJson("new.json", created.Manifest));
                    break;
                default:
                    break;
            }
        }

        var faults = new List<ObjectFileException>();
        var changed = ManifestInputs.Read(ManifestObject.ParseAll("shop.yaml", Manifest.Shop, faults).Append(ManifestObject.OfJson("p.json", root)).Concat(added), faults);
        Assert.Empty(faults);
        Assert.NotEqual(was, PolicyEngine.Build(changed).Can(from, to, 80));
    }

    /// <summary>Adding and removing as RFC 6902 says.</summary>
    private static void Apply(JsonObject root, JsonObject operation)
    {
        var steps = operation["path"]!.GetValue<string>().Split('/')[1..];
        JsonNode at = root;
        foreach (var step in steps[..^1])
        {
            at = at is JsonArray list ? list[int.Parse(step)]! : at[step]!;
        }

        var (last, value) = (steps[^1], operation["value"]?.DeepClone());
        switch (operation["op"]!.GetValue<string>(), at)
        {
            case ("add", JsonArray list):
                list.Insert(last == "-" ? list.Count : int.Parse(last), value);
                break;
            case ("add", _):
                at[last] = value;
                break;
            case (_, JsonArray list):
                list.RemoveAt(int.Parse(last));
                break;
            default:
                at.AsObject().Remove(last);
                break;
        }
    }
}
