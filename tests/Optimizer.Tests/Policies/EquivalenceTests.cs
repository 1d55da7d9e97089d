using System.Globalization;
using System.Net;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;
using NetPulse.Optimizer.Policies.Questions;

namespace NetPulse.Optimizer.Tests.Policies;

/// <summary>The engine over classes says the same as the plain reading of the API text, on random clusters: 40 of them, or as many as NETPULSE_POLICY_SEEDS says.</summary>
public sealed class EquivalenceTests
{
    private static readonly int[] Ports = [52, 53, 80, 81, 100, 8080, 65535];

    public static TheoryData<int> FewSeeds => [.. Enumerable.Range(1, Wanted ?? 12)];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, Wanted ?? 40)];

    private static int? Wanted => int.TryParse(Environment.GetEnvironmentVariable("NETPULSE_POLICY_SEEDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var seeds) ? seeds : null;

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Every_verdict_is_that_of_the_naive_evaluator(int seed)
    {
        var inputs = new RandomCluster(seed).Next();
        var engine = PolicyEngine.Build(inputs);
        var naive = new NaiveEvaluator(inputs);
        foreach (var (from, to, protocol, port) in Questions(engine))
        {
            var family = Party.FamilyOf(from, to);
            var expected = naive.Ask(Side(from, family), Side(to, family), protocol.Text(), port);
            var verdict = engine.Ask(from, to, protocol, port);
            Assert.True(expected == (verdict.Egress.IsAllowed, verdict.Ingress.IsAllowed), $"seed {seed}: {from.Name} -> {to.Name} {port}/{protocol.Text()}: expected {expected}, found {verdict}");
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_table_holds_the_same_verdicts(int seed)
    {
        var engine = PolicyEngine.Build(new RandomCluster(seed).Next());
        var table = ConnectivityTable.Of(engine).ToList();
        foreach (var (from, to, protocol, port) in Questions(engine))
        {
            var verdict = engine.Ask(from, to, protocol, port);
            if (IsAboutSinglePods(verdict) || (from.ManagedPod is null && to.ManagedPod is null))
            {
                continue;
            }

            var family = Party.FamilyOf(from, to);
            Assert.True(
                verdict.IsAllowed == table[engine.Ports.ClassOf(protocol, port)].From[engine.ClassOf(from, family)].Contains(engine.ClassOf(to, family)),
                $"seed {seed}: {from.Name} -> {to.Name} {port}/{protocol.Text()}: {verdict}");
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_difference_is_where_verdicts_differ(int seed)
    {
        var cluster = new RandomCluster(seed);
        var inputs = cluster.Next();
        var changed = cluster.Next() with { Pods = inputs.Pods, Nodes = inputs.Nodes, Namespaces = inputs.Namespaces };
        var (old, @new) = (PolicyEngine.Build(inputs), PolicyEngine.Build(changed));
        var difference = Difference.Between(old, @new);
        foreach (var (from, to, protocol, port) in Questions(old).Where(static q => q.From.ManagedPod is not null && q.To.ManagedPod is not null))
        {
            var (before, after) = (old.Ask(from, to, protocol, port), @new.Ask(@new.PodNamed(from.Name)!, @new.PodNamed(to.Name)!, protocol, port));
            if (IsAboutSinglePods(before))
            {
                continue;
            }

            var change = difference.Changes.FirstOrDefault(c => c.From.Pods.Contains(from.Name) && c.To.Pods.Contains(to.Name));
            Assert.Equal(!before.IsAllowed && after.IsAllowed, change?.Added.Any(Holds) ?? false);
            Assert.Equal(before.IsAllowed && !after.IsAllowed, change?.Removed.Any(Holds) ?? false);

            bool Holds(PortRange range) => range.Protocol == protocol && port >= range.First && port <= range.Last;
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Deleting_what_is_redundant_changes_no_verdict(int seed)
    {
        var inputs = new RandomCluster(seed).Next();
        var engine = PolicyEngine.Build(inputs);
        foreach (var use in Redundancy.Find(engine).Where(u => u.IsRemovable && u.Policy.Kind == "NetworkPolicy"))
        {
            var without = PolicyEngine.Build(inputs with { NetworkPolicies = [.. inputs.NetworkPolicies.Where(p => p.Metadata.Name != use.Policy.Name)] });
            Assert.All(Questions(engine), q =>
            {
                var verdict = engine.Ask(q.From, q.To, q.Protocol, q.Port);
                var then = without.Ask(In(without, q.From), In(without, q.To), q.Protocol, q.Port);
                Assert.Equal((verdict.Egress.IsAllowed, verdict.Ingress.IsAllowed), (then.Egress.IsAllowed, then.Ingress.IsAllowed));
            });
        }
    }

    [Theory]
    [MemberData(nameof(FewSeeds))]
    public void What_a_watch_told_event_by_event_is_what_a_build_would_know(int seed)
    {
        var cluster = new RandomCluster(seed);
        var inputs = cluster.Next();
        var picture = new PolicyPicture();
        picture.Apply([.. inputs.Namespaces, .. inputs.Nodes, .. inputs.Pods, .. inputs.NetworkPolicies, .. inputs.AdminNetworkPolicies, .. inputs.BaselineAdminNetworkPolicies, .. inputs.ClusterNetworkPolicies], []);
        for (var step = 0; step < 25; step++)
        {
            var (set, gone) = cluster.Event(picture.Inputs);
            picture.Apply(set, gone);
            var (told, built) = (picture.Engine, PolicyEngine.Build(picture.Inputs));
            Assert.Equal(built.Policies.Select(static p => p.Model.Reference), told.Policies.Select(static p => p.Model.Reference));
            Assert.Equal(built.Parties.Select(static p => p.Name), told.Parties.Select(static p => p.Name));
            var (toldTable, builtTable) = (ConnectivityTable.Of(told).ToList(), ConnectivityTable.Of(built).ToList());
            foreach (var (from, to, protocol, port) in Questions(built))
            {
                var (ours, theirs) = (told.Ask(In(told, from), In(told, to), protocol, port), built.Ask(from, to, protocol, port));
                Assert.True($"{ours}" == $"{theirs}", $"seed {seed}, step {step}: {from.Name} -> {to.Name} {port}/{protocol.Text()}: told {ours}, built {theirs}");
                Assert.Equal(Holds(builtTable, built, from, to, protocol, port), Holds(toldTable, told, In(told, from), In(told, to), protocol, port));
            }
        }

        static bool Holds(List<ConnectivitySlice> table, PolicyEngine engine, Party from, Party to, TransportProtocol protocol, int port)
        {
            var family = Party.FamilyOf(from, to);
            return table[engine.Ports.ClassOf(protocol, port)].From[engine.ClassOf(from, family)].Contains(engine.ClassOf(to, family));
        }
    }

    [Fact]
    public void Pods_that_come_after_a_first_question_about_them_are_told_from_those_before()
    {
        // Nothing tells the pods apart, until a policy asks for a label, a port and a block that all of them have: then one comes that has none of them.
        var twins = new PolicyInputs { Pods = [Pod("one", "10.0.0.1", true), Pod("two", "10.0.0.2", true)] };
        var engine = PolicyEngine.Build(twins);
        var asking = Manifest.Read(Manifest.Policy("p", "{podSelector: {}, ingress: [{from: [{podSelector: {matchExpressions: [{key: id, operator: Exists}]}}], ports: [{port: web}]}, {from: [{ipBlock: {cidr: 10.0.0.0/28}}], ports: [{port: 53}]}]}")).NetworkPolicies;
        var asked = engine.With(new PolicyChange { NetworkPolicies = asking });
        Assert.Single(asked.PodClasses);
        var joined = asked.With(new PolicyChange { PodsSet = [Pod("other", "10.0.1.1", false), Pod("three", "10.0.0.3", true), Pod("four", "10.0.0.4", true)] });
        Assert.True(joined.Can("shop/three", "shop/one", 8080) && joined.Can("shop/one", "shop/four", 8080) && joined.Can("shop/two", "shop/other", 53));
        Assert.False(joined.Can("shop/other", "shop/one", 8080) || joined.Can("shop/one", "shop/other", 8080) || joined.Can("shop/other", "shop/three", 53));

        // And where the ones before are those that are left.
        var left = joined.With(new PolicyChange { PodsGone = ["shop/one", "shop/three", "shop/four"], PodsSet = [Pod("two", "10.0.0.2", false)] });
        Assert.True(left.Can("shop/two", "shop/other", 53));
        Assert.False(left.Can("shop/other", "shop/two", 8080) || left.Can("shop/two", "shop/other", 8080));

        static Pod Pod(string name, string address, bool isAsked) => new()
        {
            Metadata = new ObjectMeta { Name = name, Namespace = "shop", Labels = isAsked ? new Dictionary<string, string>(StringComparer.Ordinal) { ["id"] = name } : [] },
            Spec = new PodSpec { Containers = [new Container { Ports = isAsked ? [new ContainerPort { Name = "web", Number = 8080 }] : [] }] },
            Status = new PodStatus { PodIP = address },
        };
    }

    [Fact]
    public void A_pod_in_two_new_blocks_takes_no_other_of_its_class_with_it()
    {
        var twins = new PolicyInputs { Pods = [Pod("twins", "in", "10.0.0.1"), Pod("twins", "out", "10.0.0.100"), Pod("shop", "to", "10.0.1.1")] };
        var policies = Manifest.Read(Manifest.Policy("p", "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/28}}, {ipBlock: {cidr: 10.0.0.0/30}}]}]}")).NetworkPolicies;
        var engine = PolicyEngine.Build(twins).With(new PolicyChange { NetworkPolicies = policies });
        Assert.True(engine.Can("twins/in", "shop/to", 80));
        Assert.False(engine.Can("twins/out", "shop/to", 80));

        static Pod Pod(string space, string name, string address) => new() { Metadata = new ObjectMeta { Name = name, Namespace = space }, Status = new PodStatus { PodIP = address } };
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void What_a_changed_policy_would_do_is_the_difference_of_two_builds(int seed)
    {
        var cluster = new RandomCluster(seed);
        var inputs = cluster.Next();
        var now = PolicyEngine.Build(inputs);
        for (var step = 0; step < 8; step++)
        {
            var other = cluster.Next();
            var change = new PolicyChange
            {
                NetworkPolicies = [.. other.NetworkPolicies.Take(2)],
                AdminNetworkPolicies = [.. other.AdminNetworkPolicies.Take(step % 3 == 0 ? 1 : 0)],
                ClusterNetworkPolicies = [.. other.ClusterNetworkPolicies.Take(step % 4 == 0 ? 1 : 0)],
                PoliciesGone = [.. inputs.NetworkPolicies.Skip(step % 3).Take(1).Select(static p => new PolicyReference(p.Kind, p.Metadata.Namespace, p.Metadata.Name))],
            };
            var whatIf = WhatIf.Of(now, change);
            var expected = Difference.Between(now, whatIf.Engine);
            Assert.Equal(Lines(expected), Lines(whatIf.Difference));
        }

        static SortedSet<string> Lines(Difference difference) => new(
            from change in difference.Changes
            from ports in change.Added.Select(static p => $"+ {p}").Concat(change.Removed.Select(static p => $"- {p}"))
            from source in Names(change.From)
            from destination in Names(change.To)
            select $"{source} -> {destination} {ports}",
            StringComparer.Ordinal);

        static IEnumerable<string> Names(PartyGroup group) => group.IsPods ? group.Pods : [group.ToString()];
    }

    private static IEnumerable<(Party From, Party To, TransportProtocol Protocol, int Port)> Questions(PolicyEngine engine)
    {
        var parties = engine.Parties.Concat(RandomCluster.OutsideAddresses.Select(engine.Party)).ToList();
        return from source in parties
               from destination in parties
               from protocol in Enum.GetValues<TransportProtocol>()
               from port in Ports
               select (source, destination, protocol, port);
    }

    private static bool IsAboutSinglePods(Verdict verdict) =>
        new[] { verdict.Egress, verdict.Ingress }.Any(static side => side.Reason is VerdictReason.Itself or VerdictReason.OwnNode);

    private static Party In(PolicyEngine engine, Party party) => engine.PodNamed(party.Name) ?? party;

    private static NaiveEvaluator.Side Side(Party party, IpFamily family) =>
        new(party.ManagedPod, IPAddress.Parse((party.Address(family) ?? party.Address(party.Primary))!.Value.ToString()));
}
