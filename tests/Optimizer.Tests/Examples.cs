using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Optimizer.Proposals;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Units;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Optimizer.Tests;

/// <summary>The lab's receive-window trouble as both ends measure it, and a cluster in which it may be healed.</summary>
internal static class Examples
{
    public const string Node = "node-1";

    public static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static Edge Upload(int number) => new(
        Node,
        new WorkloadIdentity("lab", "uploader", $"uploader-{number}"),
        new WorkloadIdentity("lab", "archive", $"archive-{number}"),
        "9000",
        LabelNames.Client);

    public static ConnectionEvidence WindowLimited(int number = 0) => new()
    {
        Edge = Upload(number),
        Throughput = BytesPerSecond.FromMegabitsPerSecond(6.3),
        BestThroughput = BytesPerSecond.FromMegabitsPerSecond(47),
        Connections = 1,
        RoundTripTime = TimeSpan.FromMilliseconds(100),
        PathRoundTripTime = TimeSpan.FromMilliseconds(100),
        ReceiveWindowLimitedShare = 0.97,
        SendBufferLimitedShare = 0,
        RetransmittedShare = 0,
        SendWindowBytes = 79_000,
        ReceiveBufferBytes = 131_072,
        ReceiveQueueBytes = 0,
        LockedReceiveBuffers = 0,
        ZeroWindowsPerSecond = 0,
        ReceiveLimits = new TcpBufferLimits(4096, 131_072, 131_072),
    };

    public static SubjectEvidence Of(ConnectionEvidence connections) => new()
    {
        Subject = new Subject.OfEdge(connections.Edge),
        Range = TimeRange.Before(Now, TimeSpan.FromSeconds(10)),
        Onset = Now - TimeSpan.FromSeconds(10),
        Connections = connections,
    };

    public static Finding WindowFinding(int number = 0) =>
        new ReceiveWindowBelowBandwidthDelay().Judge(Of(WindowLimited(number)))?.Finding ?? throw new InvalidOperationException("the example proves nothing");

    public static EdgeTraffic Traffic(int number, double megabitsPerSecond = 6.3) => new(
        Upload(number),
        new TimeSeries(LabelSet.Of("t"), new long[] { 0, 1000, 2000 }, Enumerable.Repeat(megabitsPerSecond * 1e6 / 8, 3).ToArray()),
        new TimeSeries(LabelSet.Of("r"), default, default));

    /// <summary>A change that the whole workload has on so many nodes, the first of them the canary's.</summary>
    public static Change Granted(int nodes)
    {
        var proposal = RemedySearch.For([WindowFinding()], [], Cluster())[0];
        return new Change(
            "archive-0-tcp-rmem-1", proposal.Finding.Cause, proposal.Node, proposal.Pod, proposal.Workload, proposal.Writes, proposal.Objective, proposal.Controls, Now, proposal.Expected, proposal.TakesEffect,
            Now, TimeSpan.FromSeconds(15), Now)
        {
            Reach = new Reach(100, [], [.. Enumerable.Range(1, nodes).Select(static number => number == 1 ? Node : $"ip-10-1-{number / 250}-{number % 250}.eu-central-1.compute.internal")], IsGranted: true, IsLast: true),
        };
    }

    public static OptimizationPolicy Policy(OptimizationMode mode = OptimizationMode.Apply) => new()
    {
        Metadata = new ObjectMeta { Name = "lab" },
        Spec = new OptimizationPolicySpec
        {
            Mode = mode,
            Namespaces = ["lab"],
            Sysctls = [new AllowedSysctl { Name = "net.ipv4.tcp_rmem", Maximum = 8 << 20 }],
            Canary = new CanarySpec { Duration = TimeSpan.FromSeconds(15) },
        },
    };

    public static Pod Pod(string name) => new()
    {
        Metadata = new ObjectMeta { Namespace = "lab", Name = name },
        Spec = new PodSpec { NodeName = Node },
    };

    public static NodeTuningStatus TunerStatus(params SettingStatus[] settings) => new()
    {
        ObservedAt = Now,
        Knobs = [new KnobStatus { Sysctl = "net.ipv4.tcp_rmem", Unit = "bytes", Fields = 3, Minimum = 4096, Maximum = 64 << 20, PerNamespace = true }],
        Settings = settings,
    };

    public static ClusterSnapshot Cluster(OptimizationPolicy? policy = null, NodeTuning? tuning = null) => new(
        Now,
        [Pod("archive-0"), Pod("archive-1")],
        ImmutableDictionary<string, NodeTuning>.Empty.Add(
            Node, tuning ?? new NodeTuning { Metadata = new ObjectMeta { Name = Node }, Status = TunerStatus() }),
        [],
        policy ?? Policy(),
        []);
}
