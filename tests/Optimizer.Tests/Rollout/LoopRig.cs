using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Detection.Alerts;
using NetPulse.Optimizer.Detection.Forecasts;
using NetPulse.Optimizer.Detection.Incidents;
using NetPulse.Optimizer.Detection.Preparation;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Optimizer.Ingest;
using NetPulse.Optimizer.Journal;
using NetPulse.Optimizer.Profiles;
using NetPulse.Optimizer.Proposals;
using NetPulse.Optimizer.Rollout;
using NetPulse.Optimizer.Verify;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Embedded;
using NetPulse.Tests;

namespace NetPulse.Optimizer.Tests.Rollout;

/// <summary>A whole optimizer on real files: store, objects directory and journal; the test plays the pods, the Tuner and the clock.</summary>
internal sealed class LoopRig : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("netpulse-loop-").FullName;
    private readonly EmbeddedStore kept;
    private readonly FiniteReadings store;
    private readonly GateMeter gates = new();
    private readonly double[] sentBytes = new double[2];
    private readonly double[] limitedSeconds = new double[2];
    private readonly (IClusterObjects Objects, IObjectStore<NetworkRecommendation> Recommendations)? elsewhere;
    private readonly string group;
    private double seconds;

    /// <param name="policy">Of the objects directory.</param>
    /// <param name="inCluster">Where the objects are when not in a directory.</param>
    /// <param name="group">Whose optimizer it is, where the work is split.</param>
    public LoopRig(OptimizationPolicy? policy = null, Func<TestClock, (IClusterObjects Objects, IObjectStore<NetworkRecommendation> Recommendations)>? inCluster = null, string group = "")
    {
        this.group = group;
        elsewhere = inCluster?.Invoke(Clock);
        kept = new EmbeddedStore(new EmbeddedStoreOptions { Directory = Path.Combine(folder, "store") }, Clock, NullLogger<EmbeddedStore>.Instance);
        store = new FiniteReadings(kept);
        Directory.CreateDirectory(Path.Combine(Objects, "pods"));
        Directory.CreateDirectory(Path.Combine(Objects, "nodetunings"));
        foreach (var name in new[] { "archive-0", "archive-1" })
        {
            ObjectFile.Write(Path.Combine(Objects, "pods", $"lab-{name}.yaml"), Examples.Pod(name));
        }

        ObjectFile.Write(PolicyFile, policy ?? Examples.Policy());
        TunerAnswers();
        Restart();
    }

    public TestClock Clock { get; } = new(Examples.Now);

    public string PolicyFile => Path.Combine(folder, "policy.yaml");

    public ChangeJournal Journal { get; private set; } = null!;

    public EffectBook Effects { get; private set; } = null!;

    public DetectionMemory Memory { get; private set; } = null!;

    public string StateFile => Path.Combine(folder, DetectionMemory.FileName);

    public OptimizationRun Run { get; private set; } = null!;

    public ChangeLifecycle Lifecycle { get; private set; } = null!;

    public ObjectsDirectory Cluster { get; private set; } = null!;

    public DirectoryObjectStore<NetworkRecommendation> Recommendations { get; private set; } = null!;

    public string RecommendationsDirectory => Path.Combine(Objects, "networkrecommendations", "lab");

    /// <summary>What the Tuner would find for this node.</summary>
    public IReadOnlyList<SysctlSetting> Desired => Cluster.ReadSpec(Examples.Node).Settings;

    /// <summary>The same for the first pod alone; once its change has ended, the second one's may begin.</summary>
    public IEnumerable<SysctlSetting> DesiredForFirst => Desired.Where(setting => setting.Pod?.Name == "archive-0" || setting.Workload is not null);

    /// <summary>Where the node's desired settings are.</summary>
    public string SpecFile => SpecFileOf(Examples.Node);

    /// <summary>The same of another node.</summary>
    public string SpecFileOf(string node) => Path.Combine(Objects, "nodetunings", $"{node}.yaml");

    private string JournalFile => Path.Combine(folder, "journal.jsonl");

    private string Objects => Path.Combine(folder, "objects");

    /// <summary>The first change.</summary>
    public ChangeState Change => Journal.Changes.OrderBy(state => state.Change.PlannedAt).ThenBy(state => state.Change.Target).FirstOrDefault() ?? throw new InvalidOperationException("nothing was planned");

    public void Dispose()
    {
        Journal.Dispose();
        gates.Dispose();
        kept.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A new process on the same files: all that the old one had in memory is gone.</summary>
    public void Restart()
    {
        Journal?.Dispose();
        Clock.Advance(TimeSpan.FromSeconds(1));
        Journal = new ChangeJournal(JournalFile, Clock);
        Effects = new EffectBook(JournalFile);
        var names = new RecommendationNames();
        Recommendations = new DirectoryObjectStore<NetworkRecommendation>(Objects, Clock, NullLogger<DirectoryObjectStore<NetworkRecommendation>>.Instance);
        Cluster = new ObjectsDirectory(new ClusterOptions { ObjectsDirectory = Objects, PolicyFile = PolicyFile }, Clock, Recommendations);
        var (objects, recommendations) = elsewhere ?? (Cluster, Recommendations);
        var edges = new EdgeWatch(store, Options.Create(new DetectionOptions()));
        var alerts = new AlertBook();
        var usual = new UsualWatch(store, Options.Create(new DetectionOptions()));
        var announcements = new Announcements(Options.Create(new DetectionOptions()));
        Memory = new DetectionMemory(Options.Create(new JournalOptions { File = JournalFile }), edges, usual, announcements, alerts, Journal, Clock);
        Lifecycle = new ChangeLifecycle(new NodeTuningWriter(objects, names), new CanaryMeasurement(store), Journal, Effects);
        Run = new OptimizationRun(
            objects,
            edges,
            new ErrorWatch(store),
            new ShapeWatch(store, Options.Create(new DetectionOptions())),
            usual,
            announcements,
            alerts,
            new IncidentSearch(Options.Create(new DetectionOptions())),
            new CapacityWatch(store, Options.Create(new DetectionOptions())),
            new CauseSearch(store, CauseRules.All),
            new Outlook(new CauseSearch(store, CauseRules.All)),
            new ProfileWatch(store, Options.Create(new ProfileOptions()), Clock),
            Lifecycle,
            new RecommendationBook(recommendations, Journal, names, Options.Create(new RecommendationOptions()), new RecommendationPlace("netpulse", group)),
            Memory,
            Journal,
            Effects,
            gates,
            new Narrative(Journal));
    }

    /// <summary>A new process on another machine: only the objects and the store are the same.</summary>
    public void LoseJournal()
    {
        Journal.Dispose();
        File.Delete(JournalFile);
        Restart();
    }

    /// <summary>Cuts the journal off before the entry, as if we had been killed just before it was written.</summary>
    public void CutJournalBefore(ChangePhase phase)
    {
        Journal.Dispose();
        var lines = File.ReadAllLines(JournalFile);
        var last = Array.FindLastIndex(lines, line => line.Contains($"\"phase\":\"{phase}\"", StringComparison.Ordinal));
        Assert.True(last >= 0, $"no entry of the phase {phase}");
        File.WriteAllText(JournalFile, string.Concat(lines.Take(last).Select(line => line + "\n")));
    }

    /// <summary>One second of traffic for each rate, read at its end. A window-limited sender waits for the window nearly all the time.</summary>
    public async Task SecondsAsync(int count, double first, double second, double roundTripSeconds, bool isLimited, double unreadBytes = 0)
    {
        for (var i = 0; i < count; i++)
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            seconds++;
            var samples = new List<Sample>();
            foreach (var (number, megabits) in new[] { (0, first), (1, second) })
            {
                // Two per cent of noise, so that no reading is like the one before.
                sentBytes[number] += megabits * 1e6 / 8 * (1 + (0.02 * Math.Sin(seconds * (number + 1.7))));
                limitedSeconds[number] += isLimited && megabits < 20 ? 0.97 : 0.01;
                Sender(samples, number, roundTripSeconds);
                Receiver(samples, number, unreadBytes);
            }

            await store.AppendAsync(samples, CancellationToken.None);
        }
    }

    /// <summary>Thirty healthy seconds, then five of trouble: the next run finds it.</summary>
    public async Task TroubleAsync()
    {
        await SecondsAsync(30, 45, 45, 0.011, isLimited: false);
        await SecondsAsync(6, 6.3, 6.3, 0.1, isLimited: true);
        TunerAnswers();
    }

    /// <summary>Trouble, found, planned, and in force.</summary>
    public async Task AppliedAsync()
    {
        await TroubleAsync();
        await Run.RunAsync(CancellationToken.None);
        TunerAnswers(Status(SettingState.Applied));
        await Run.RunAsync(CancellationToken.None);
    }

    /// <summary>As <see cref="AppliedAsync"/>, then the canary is verified and the whole workload has it.</summary>
    public async Task WidenedAsync()
    {
        await AppliedAsync();
        await VerifiedAsync();
    }

    /// <summary>From in force on: the canary is verified, and the whole workload has it.</summary>
    public async Task VerifiedAsync()
    {
        await SecondsAsync(18, 47, 6.3, 0.115, isLimited: true);
        await Run.RunAsync(CancellationToken.None);
        Clock.Advance(TimeSpan.FromSeconds(1));
        TunerAnswers(Status(SettingState.Applied));
        await Run.RunAsync(CancellationToken.None);
    }

    /// <summary>As <see cref="WidenedAsync"/>, and watched until it is kept.</summary>
    public async Task KeptAsync()
    {
        await WidenedAsync();
        await WatchedAsync();
    }

    /// <summary>From the whole workload on: watched until it is kept.</summary>
    public async Task WatchedAsync()
    {
        await SecondsAsync(25, 47, 47, 0.115, isLimited: true);
        TunerAnswers(Status(SettingState.Applied));
        await Run.RunAsync(CancellationToken.None);
    }

    /// <summary>One more pod of the workload, which no traffic tells of.</summary>
    public void AddPod(string name, string node = Examples.Node) =>
        ObjectFile.Write(Path.Combine(Objects, "pods", $"lab-{name}.yaml"), Examples.Pod(name) with { Spec = new PodSpec { NodeName = node } });

    /// <summary>Somebody stops every change.</summary>
    public void Pause(PausedKept onPause = PausedKept.Keep) =>
        ObjectFile.Write(PolicyFile, Examples.Policy() with { Spec = Examples.Policy().Spec with { Paused = ["incident 42"], OnPause = onPause } });

    /// <summary>A Tuner of another node answers.</summary>
    public void AddNode(string node) => ObjectFile.Write(
        Path.Combine(Objects, "nodetunings", $"{node}.status.yaml"),
        new NodeTuning { Metadata = new ObjectMeta { Name = node }, Status = Examples.TunerStatus() with { ObservedAt = Clock.GetUtcNow() } });

    public SettingStatus Status(SettingState state, string message = "") => new()
    {
        Name = Change.Change.Name,
        State = state,
        Message = message,
        Before = Change.Change.Writes[0].Before,
        Value = Change.Change.Writes[0].After,
        Since = Clock.GetUtcNow(),
    };

    public void TunerAnswers(params SettingStatus[] settings) => ObjectFile.Write(
        Path.Combine(Objects, "nodetunings", $"{Examples.Node}.status.yaml"),
        new NodeTuning { Metadata = new ObjectMeta { Name = Examples.Node }, Status = Examples.TunerStatus(settings) with { ObservedAt = Clock.GetUtcNow() } });

    /// <summary>The first edge's series end as a Prometheus that sends them on tells it.</summary>
    public async Task StaleAsync(double value)
    {
        Clock.Advance(TimeSpan.FromSeconds(1));
        var samples = new List<Sample>();
        Sender(samples, 0, value);
        Receiver(samples, 0, value);
        await store.AppendAsync([.. samples.Select(sample => sample with { Value = value })], CancellationToken.None);
    }

    /// <summary>The first edge's bytes once more, with a label that a second sender has added.</summary>
    public async Task SecondSenderAsync()
    {
        var samples = new List<Sample>();
        Sender(samples, 0, 0.1);
        await store.AppendAsync([.. samples.Select(sample => sample with { Labels = sample.Labels.With("job", "other") })], CancellationToken.None);
    }

    private void Sender(List<Sample> samples, int number, double roundTripSeconds)
    {
        var labels = Labels("uploader", "archive", number, LabelNames.Client);
        Add(samples, TcpMetrics.IoBytes, labels.With(LabelNames.Direction, LabelNames.Transmit), sentBytes[number]);
        Add(samples, TcpMetrics.Segments, labels.With(LabelNames.Direction, LabelNames.Transmit), sentBytes[number] / 1448);
        Add(samples, TcpMetrics.Retransmits, labels, 0);
        Add(samples, TcpMetrics.BusySeconds, labels, seconds);
        Add(samples, TcpMetrics.ReceiveWindowLimitedSeconds, labels, limitedSeconds[number]);
        Add(samples, TcpMetrics.SendBufferLimitedSeconds, labels, 0);
        Add(samples, TcpMetrics.Connections, labels, 1);
        Add(samples, TcpMetrics.ConnectionsClosed, labels, Math.Floor(seconds / 5));
        Add(samples, TcpMetrics.SmoothedRtt, labels, roundTripSeconds);
        Add(samples, TcpMetrics.SendWindow, labels, 79_000);
    }

    private void Receiver(List<Sample> samples, int number, double unreadBytes)
    {
        var labels = Labels("archive", "uploader", number, LabelNames.Server);
        Add(samples, TcpMetrics.ReceiveBuffer, labels, 131_072);
        Add(samples, TcpMetrics.ReceiveQueue, labels, unreadBytes);
        Add(samples, TcpMetrics.ReceiveBufferLocked, labels, 0);
        var pod = LabelSet.Of(
            "pod", (LabelNames.Node, Examples.Node), (LabelNames.Namespace, "lab"), (LabelNames.Workload, "archive"), (LabelNames.Pod, $"archive-{number}"));
        Add(samples, NamespaceMetrics.ZeroWindowAdvertised, pod, 0);
        Add(samples, NamespaceMetrics.ZeroWindowWanted, pod, 0);
        foreach (var (field, value) in new[] { ("min", 4096), ("default", 131_072), ("max", 131_072) })
        {
            Add(samples, NamespaceMetrics.Sysctl, pod.With(LabelNames.Sysctl, "net.ipv4.tcp_rmem").With(LabelNames.Field, field), value);
        }
    }

    private static LabelSet Labels(string owner, string peer, int number, string role) => LabelSet.Of(
        "edge",
        (LabelNames.Node, Examples.Node),
        (LabelNames.Namespace, "lab"),
        (LabelNames.Workload, owner),
        (LabelNames.Pod, $"{owner}-{number}"),
        (LabelNames.PeerNamespace, "lab"),
        (LabelNames.PeerWorkload, peer),
        (LabelNames.PeerPod, $"{peer}-{number}"),
        (LabelNames.ServerPort, "9000"),
        (LabelNames.Role, role));

    private void Add(List<Sample> samples, MetricDefinition metric, LabelSet labels, double value) =>
        samples.Add(new Sample(labels.With(LabelSet.MetricName, metric.Name), Clock.GetUtcNow().ToUnixTimeMilliseconds(), value));
}
