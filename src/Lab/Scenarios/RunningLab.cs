using NetPulse.Lab.Forwarding;
using NetPulse.Lab.Load;
using NetPulse.Lab.Topology;
using NetPulse.Linux.Sysctls;

namespace NetPulse.Lab.Scenarios;

/// <summary>A scenario under way: its pods, paths and load. Nothing of it is left when it is disposed of.</summary>
public sealed class RunningLab : IAsyncDisposable
{
    private static readonly TimeSpan UntilConnected = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BetweenAsking = TimeSpan.FromMilliseconds(100);

    private readonly List<(PathDescription Description, ForwardedPath Path)> paths = [];
    private readonly List<RunningLoad> loads = [];
    private readonly LabNamespaces namespaces;
    private readonly NodeValues? nodeValues;
    private readonly TimeProvider time;

    private RunningLab(Scenario scenario, LabNamespaces namespaces, NodeValues? nodeValues, TimeProvider time)
    {
        Scenario = scenario;
        (this.namespaces, this.nodeValues, this.time) = (namespaces, nodeValues, time);
    }

    public Scenario Scenario { get; }

    public IReadOnlyList<LabPod> Pods => namespaces.Pods;

    public IEnumerable<ForwardedPath> Paths => paths.Select(each => each.Path);

    public IReadOnlyList<RunningLoad> Loads => loads;

    /// <summary>Those whose figure tells of the trouble.</summary>
    public IEnumerable<RunningLoad> Judged => loads.Where(load => load.Description.IsJudged);

    /// <summary>Fails as soon as a path or a load cannot go on; else ends when disposed of.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    /// <exception cref="LabException">It could not be built; what was built is gone again.</exception>
    public static async Task<RunningLab> StartAsync(Scenario scenario, LabSettings settings, TimeProvider time, CancellationToken cancellationToken)
    {
        NodeValues.PutBackLeftovers();
        var needsNode = scenario.NodeSysctls.Count > 0 || scenario.Healing.Any(change => change.Pod is null);
        var values = needsNode ? await NodeValues.HoldAsync(scenario.NodeSysctls, time, cancellationToken) : null;
        RunningLab? lab = null;
        try
        {
            lab = new RunningLab(scenario, await LabNamespaces.CreateAsync(settings, scenario.Pods, cancellationToken), values, time);
            await lab.BuildAsync(cancellationToken);
            return lab;
        }
        catch
        {
            if (lab is not null)
            {
                await lab.DisposeAsync();
            }
            else
            {
                values?.Dispose();
            }

            throw;
        }
    }

    /// <summary>Brings the trouble, with the traffic running on.</summary>
    public async Task WorsenAsync(CancellationToken cancellationToken)
    {
        foreach (var (description, path) in paths)
        {
            if (description.Episode is { } episode)
            {
                Set(description, path, episode.Settings);
            }
            else
            {
                Set(description, path, description.Troubled);
            }
        }

        foreach (var load in loads)
        {
            load.Description.Worsen?.Invoke(load.Load);
        }

        foreach (var (description, path) in paths.Where(each => each.Description.Episode is not null).OrderBy(each => each.Description.Episode!.Value.Duration))
        {
            await Task.Delay(description.Episode!.Value.Duration, time, cancellationToken);
            Set(description, path, description.Troubled);
        }
    }

    /// <summary>Somebody has changed a pod: where harm is planted, it happens now.</summary>
    public void Changed(string pod)
    {
        foreach (var (description, path) in paths.Where(each => each.Description.WhenChanged is not null && (each.Description.From == pod || each.Description.To == pod)))
        {
            Set(description, path, description.WhenChanged!);
        }
    }

    /// <summary>Does by hand what heals the first load of the scenario, or the node; other pods stay as they are.</summary>
    /// <exception cref="SysctlException">The kernel refuses the value.</exception>
    public void Heal()
    {
        foreach (var change in Scenario.Healing)
        {
            Write(change);
            Changed(change.Pod ?? "");
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await Task.WhenAll(loads.Select(load => load.Load.DisposeAsync().AsTask()));
            foreach (var (_, path) in paths)
            {
                path.Dispose();
            }
        }
        finally
        {
            try
            {
                await namespaces.DisposeAsync();
            }
            finally
            {
                nodeValues?.Dispose();
            }
        }
    }

    private static async Task FirstFailureAsync(IEnumerable<Task> tasks)
    {
        await foreach (var task in Task.WhenEach(tasks))
        {
            await task;
        }
    }

    private static void Set(PathDescription description, ForwardedPath path, LinkSettings troubled)
    {
        path.Forward = troubled;
        path.Backward = description.IsTroubledBothWays ? troubled : description.Healthy with { Delay = troubled.Delay };
    }

    private async Task BuildAsync(CancellationToken cancellationToken)
    {
        foreach (var cable in Scenario.Cables)
        {
            await cable.LayAsync(namespaces, cancellationToken);
        }

        foreach (var path in Scenario.Paths)
        {
            var (from, to) = (namespaces.Pod(path.From), namespaces.Pod(path.To));
            paths.Add((path, await ForwardedPath.OpenAsync(namespaces.Thread, from, to, path.Healthy, seed: paths.Count + 1, time, cancellationToken)));
            if (path.Behind is { } behind)
            {
                await IpCommand.BatchAsync(to.NetworkNamespace.Name, [$"route add {behind} via {from.Address}"], cancellationToken);
            }
        }

        foreach (var load in Scenario.Loads)
        {
            var place = new LoadPlace(namespaces.Thread, namespaces.Pod(load.From), namespaces.Pod(load.To), time);
            loads.Add(new RunningLoad(load, place, load.Start(place)));
        }

        Completion = FirstFailureAsync(paths.Select(each => each.Path.Completion).Concat(loads.Select(load => load.Load.Completion)));
        if (Scenario.OnceStarted is [_, ..])
        {
            await ConnectedAsync(cancellationToken);
            foreach (var change in Scenario.OnceStarted)
            {
                Write(change);
            }
        }
    }

    /// <summary>What is written once the loads have started must not reach the opening of a connection that a busy machine makes late.</summary>
    private async Task ConnectedAsync(CancellationToken cancellationToken)
    {
        var begin = time.GetTimestamp();
        while (loads.Exists(load => load.Load.Between(begin, time.GetTimestamp()) is null or 0))
        {
            if (time.GetElapsedTime(begin) > UntilConnected)
            {
                throw new LabException($"start {Scenario.Name}", $"a load has not delivered anything within {UntilConnected.TotalSeconds:0} s", "the machine may be too busy");
            }

            await Task.Delay(BetweenAsking, time, cancellationToken);
        }
    }

    private void Write(SysctlChange change)
    {
        if (change.Pod is { } pod)
        {
            namespaces.Thread.Run(namespaces.Pod(pod).NetworkNamespace, () => Sysctl.Write(change.Name, change.Value));
        }
        else
        {
            nodeValues!.Set(change.Name, change.Value);
        }
    }
}

/// <summary>A load of a running lab.</summary>
public sealed record RunningLoad(LoadDescription Description, LoadPlace Place, ILoad Load)
{
    /// <summary>As <c>uploader-0 > archive-0</c>.</summary>
    public string Name => $"{Place.From.Name} > {Place.To.Name}";
}
