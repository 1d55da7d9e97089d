using System.Diagnostics;
using System.Numerics;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;
using NetPulse.Optimizer.Policies.Questions;

namespace NetPulse.Benchmarks.Policies;

/// <summary>What the engine takes for one cluster, beside the limits that were set for it.</summary>
internal sealed class Measurement(PolicyInputs inputs)
{
    private const int Questions = 20_000;
    private const int Events = 100;

    private readonly Random random = new(1);

    /// <param name="name">Of the cluster; a size without limits has other words.</param>
    public IEnumerable<string> Rows(string name)
    {
        var start = Stopwatch.GetTimestamp();
        var engine = PolicyEngine.Build(inputs);
        var built = Stopwatch.GetElapsedTime(start);
        start = Stopwatch.GetTimestamp();
        var reachable = ConnectivityTable.Of(engine).Sum(slice => engine.PodClasses.Sum(c => (long)slice.From[c].Size() * engine.PodClass(c)!.Members.Count));
        var table = Stopwatch.GetElapsedTime(start);
        using var process = Process.GetCurrentProcess();
        var peak = process.PeakWorkingSet64 >> 20;

        var isOwn = name.Contains("own", StringComparison.Ordinal);
        var isSmall = inputs.Pods.Length < 10_000;
        yield return Row(name, $"full table with its build ({engine.PodClasses.Length} pod classes, {engine.Ports.Count} port classes, {reachable} ways)", $"{(built + table).TotalSeconds:F2} s, build {built.TotalSeconds:F2} s of it", isOwn ? "15 s" : isSmall ? "0.5 s; np-guard 60 s in 125 workloads (measured apart)" : "4 s");
        yield return Row(name, "peak memory of the process", $"{peak} MiB", isSmall || isOwn ? "-" : "300 MiB");

        start = Stopwatch.GetTimestamp();
        var allowed = 0;
        for (var i = 0; i < Questions; i++)
        {
            var (from, to) = (engine.Parties[random.Next(engine.Parties.Length)], engine.Parties[random.Next(engine.Parties.Length)]);
            allowed += engine.Ask(from, to, TransportProtocol.Tcp, 8080).IsAllowed ? 1 : 0;
        }

        yield return Row(name, $"one pair with its explanation ({100.0 * allowed / Questions:F0} % allowed)", $"{(Stopwatch.GetElapsedTime(start) / Questions).TotalMicroseconds:F1} us", "50 us");

        foreach (var (what, change) in new (string, Func<PolicyChange>)[]
        {
            ("a pod that came", () => PolicyChange.Set(Renamed(Any(inputs.Pods), "came"))),
            ("a pod that went", () => new PolicyChange { PodsGone = [Name(Any(inputs.Pods))] }),
            ("a pod with a label value that no other has", () => PolicyChange.Set(Labelled(Any(inputs.Pods), "app", $"alone-{random.Next()}"))),
            ("a policy that changed", () => PolicyChange.Set(Changed(Any(inputs.NetworkPolicies), 8080))),
            ("a policy that went", () => PolicyChange.Gone(Reference(Any(inputs.NetworkPolicies)))),
            ("a policy with a port, a block and a label key that no other names", () => PolicyChange.Set(WithNews(Any(inputs.NetworkPolicies)))),
            ("a policy whose block cuts 64 pods out of the others", () => PolicyChange.Set(From(new NetworkPolicyPeer { IpBlock = new IpBlock { Cidr = $"10.0.{random.Next(inputs.Pods.Length / 256)}.{64 * random.Next(4)}/26" } }))),
            ("a policy whose block cuts half of all pods out of the others", () => PolicyChange.Set(From(new NetworkPolicyPeer { IpBlock = new IpBlock { Cidr = $"10.0.0.0/{32 - BitOperations.Log2((uint)inputs.Pods.Length / 2)}" } }))),
            ("a policy that asks of every pod whether it has a label, the first that does", () => PolicyChange.Set(From(new NetworkPolicyPeer { PodSelector = Having(random.Next(2) == 0 ? "id" : "app") }))),
            ("a policy that names one pod by a label that all have, the first that does", () => PolicyChange.Set(From(new NetworkPolicyPeer { PodSelector = Bearing("id", $"{random.Next(2 * inputs.Pods.Length)}") }))),
            ("a policy that names a port of every pod, the first that does", () => PolicyChange.Set(Changed(Any(inputs.NetworkPolicies), "metrics"))),
        })
        {
            yield return Row(name, $"event: {what}", Spread(() => engine.With(change())), "20 ms");
        }

        var open = inputs.Namespaces.Select(static n => n.Metadata.Name).Except(inputs.NetworkPolicies.Where(static p => p.Spec.PodSelector.MatchLabels.Count == 0).Select(static p => p.Metadata.Namespace), StringComparer.Ordinal).FirstOrDefault();
        foreach (var (what, change) in new (string, Func<PolicyChange>)[]
        {
            ("one rule of one policy changed", () => PolicyChange.Set(Changed(Any(inputs.NetworkPolicies), 8080))),
            ("one policy less", () => PolicyChange.Gone(Reference(Any(inputs.NetworkPolicies)))),
            ("one policy with a port, a block and a label key that no other names", () => PolicyChange.Set(WithNews(Any(inputs.NetworkPolicies)))),
            ("one policy more, which denies all of a namespace", () => PolicyChange.Set(OfAll(Any(inputs.Pods).Metadata.Namespace, []))),
            ("one policy more, which lets all into a namespace and nothing out", () => PolicyChange.Set(OfAll(Any(inputs.Pods).Metadata.Namespace, [new NetworkPolicyIngressRule()]))),
            ("one policy more, which is the first to deny all of a namespace", () => open is null ? new PolicyChange() : PolicyChange.Set(OfAll(open, []))),
            ("one admin policy more, which denies a port to every pod", () => new PolicyChange { AdminNetworkPolicies = [DenyPort(22)] }),
        }.Where(w => open is not null || !w.Item1.Contains("first", StringComparison.Ordinal)))
        {
            yield return Row(name, $"what if: {what}", Spread(() => WhatIf.Of(engine, change())), "100 ms");
        }
    }

    /// <summary>Median, 95th percentile and longest of several, in milliseconds: the longest hold what the garbage collector and the machine's other work took.</summary>
    private static string Spread(Action work)
    {
        var times = new List<double>();
        for (var i = 0; i < Events; i++)
        {
            var start = Stopwatch.GetTimestamp();
            work();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        return $"{times[times.Count / 2]:F1} ms, 95 of 100 within {times[Events * 95 / 100]:F1} ms, the longest {times[^1]:F1} ms";
    }

    private static string Row(string name, string what, string measured, string limit) => $"| {name} | {what} | {measured} | {limit} |";

    private T Any<T>(IReadOnlyList<T> items) => items[random.Next(items.Count)];

    private static string Name(Pod pod) => $"{pod.Metadata.Namespace}/{pod.Metadata.Name}";

    private static PolicyReference Reference(NetworkPolicy policy) => new(policy.Kind, policy.Metadata.Namespace, policy.Metadata.Name);

    private static Pod Renamed(Pod pod, string name) => pod with { Metadata = pod.Metadata with { Name = name } };

    private static Pod Labelled(Pod pod, string key, string value) =>
        pod with { Metadata = pod.Metadata with { Labels = new Dictionary<string, string>(pod.Metadata.Labels, StringComparer.Ordinal) { [key] = value } } };

    private NetworkPolicy From(NetworkPolicyPeer peer) => Changed(Any(inputs.NetworkPolicies), 8080, peer);

    private static NetworkPolicy Changed(NetworkPolicy policy, IntOrString port) => Changed(policy, port, new NetworkPolicyPeer { PodSelector = LabelSelector.Everything });

    private static NetworkPolicy Changed(NetworkPolicy policy, IntOrString port, NetworkPolicyPeer peer) => policy with
    {
        Spec = policy.Spec with { Ingress = [.. policy.Spec.Ingress, new NetworkPolicyIngressRule { From = [peer], Ports = [new NetworkPolicyPort { Port = port }] }] },
    };

    private static LabelSelector Bearing(string key, string value) => new() { MatchLabels = new Dictionary<string, string>(StringComparer.Ordinal) { [key] = value } };

    private static LabelSelector Having(string key) => new() { MatchExpressions = [new LabelSelectorRequirement { Key = key, Operator = LabelSelectorRequirement.Exists }] };

    private NetworkPolicy WithNews(NetworkPolicy policy) => policy with
    {
        Spec = policy.Spec with
        {
            Ingress =
            [
                .. policy.Spec.Ingress,
                new NetworkPolicyIngressRule
                {
                    From =
                    [
                        new NetworkPolicyPeer { IpBlock = new IpBlock { Cidr = $"10.{random.Next(2)}.{random.Next(256)}.0/26" } },
                        new NetworkPolicyPeer { PodSelector = Bearing($"key-{random.Next()}", "x") },
                    ],
                    Ports = [new NetworkPolicyPort { Port = 20_000 + random.Next(10_000) }],
                },
            ],
        },
    };

    /// <summary>A policy of all pods of a namespace, none of which may send.</summary>
    private static NetworkPolicy OfAll(string @namespace, IReadOnlyList<NetworkPolicyIngressRule> ingress) => new()
    {
        Metadata = new ObjectMeta { Name = "of-all", Namespace = @namespace },
        Spec = new NetworkPolicySpec { PolicyTypes = [NetworkPolicySpec.Ingressing, NetworkPolicySpec.Egressing], Ingress = ingress },
    };

    private static AdminNetworkPolicy DenyPort(int port) => new()
    {
        Metadata = new ObjectMeta { Name = "deny-port" },
        Spec = new AdminNetworkPolicySpec
        {
            Priority = 1,
            Subject = new AdminPolicySubject { Namespaces = LabelSelector.Everything },
            Ingress = [new AdminNetworkPolicyRule { Action = "Deny", From = [new AdminPolicyPeer { Namespaces = LabelSelector.Everything }], Ports = [new AdminNetworkPolicyPort { PortNumber = new AdminPortNumber { Protocol = "TCP", Port = port } }] }],
        },
    };
}
