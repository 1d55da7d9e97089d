using NetPulse.Lab.Forwarding;
using NetPulse.Lab.Load;
using NetPulse.Lab.Topology;
using NetPulse.Linux.Sysctls;

namespace NetPulse.Lab.Scenarios;

/// <summary>A scenario under way: its pods, paths and load. Nothing of it is left when it is disposed of.</summary>
public sealed class RunningLab : IAsyncDisposable
{
    private readonly List<RunningPair> pairs = [];
    private readonly LabNamespaces namespaces;

    private RunningLab(Scenario scenario, LabNamespaces namespaces)
    {
        Scenario = scenario;
        this.namespaces = namespaces;
    }

    public Scenario Scenario { get; }

    public IReadOnlyList<LabPod> Pods => namespaces.Pods;

    public IReadOnlyList<RunningPair> Pairs => pairs;

    /// <summary>Fails as soon as a path or a transfer cannot go on; else ends when disposed of.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    /// <exception cref="LabException">It could not be built; what was built is gone again.</exception>
    public static async Task<RunningLab> StartAsync(Scenario scenario, LabSettings settings, TimeProvider time, CancellationToken cancellationToken)
    {
        var lab = new RunningLab(scenario, await LabNamespaces.CreateAsync(settings, scenario.Pods, cancellationToken));
        try
        {
            foreach (var pair in scenario.Pairs)
            {
                await lab.StartPairAsync(pair, time, cancellationToken);
            }

            lab.Completion = FirstFailureAsync(lab.pairs.SelectMany(pair => new[] { pair.Path.Completion, pair.Transfer.Completion }));
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>Brings the trouble: every path takes as long, and every application reads as slowly, as the scenario says, with the traffic running on.</summary>
    public void Worsen()
    {
        foreach (var pair in pairs)
        {
            pair.Path.RoundTripTime = Scenario.TroubledRoundTripTime;
            pair.Transfer.ReadBitsPerSecond = Scenario.TroubledReadBitsPerSecond;
        }
    }

    /// <summary>Does what heals the first pair; the others stay as they are.</summary>
    /// <exception cref="SysctlException">The kernel refuses the value.</exception>
    public void Heal()
    {
        var healing = Scenario.Healing;
        namespaces.Thread.Run(namespaces.Pod(healing.Pod).NetworkNamespace, () => Sysctl.Write(healing.Name, healing.Value));
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            foreach (var pair in pairs)
            {
                await pair.Transfer.DisposeAsync();
                pair.Path.Dispose();
            }
        }
        finally
        {
            await namespaces.DisposeAsync();
        }
    }

    private static async Task FirstFailureAsync(IEnumerable<Task> tasks)
    {
        await foreach (var task in Task.WhenEach(tasks))
        {
            await task;
        }
    }

    private async Task StartPairAsync(PairDescription pair, TimeProvider time, CancellationToken cancellationToken)
    {
        var (from, to) = (namespaces.Pod(pair.From), namespaces.Pod(pair.To));
        var path = await ForwardedPath.OpenAsync(namespaces.Thread, from, to, pair.Path, time, cancellationToken);
        try
        {
            pairs.Add(new RunningPair(from, to, path, new BulkTransfer(namespaces.Thread, from, to, pair.Transfer, time)));
        }
        catch
        {
            path.Dispose();
            throw;
        }
    }
}

/// <summary>Two pods with traffic between them.</summary>
public sealed record RunningPair(LabPod From, LabPod To, ForwardedPath Path, BulkTransfer Transfer)
{
    /// <summary>As <c>uploader-0 > archive-0</c>.</summary>
    public string Name => $"{From.Name} > {To.Name}";

    /// <summary>Bytes that the receiving application has read.</summary>
    public long DeliveredBytes => Transfer.DeliveredBytes;
}
