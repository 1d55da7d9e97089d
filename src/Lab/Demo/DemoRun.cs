using NetPulse.Kubernetes.Objects;
using NetPulse.Lab.Scenarios;
using NetPulse.Lab.Topology;
using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Lab.Demo;

/// <summary>The whole loop on this machine: a lab with traffic, our three services as processes, trouble, and what they make of it.</summary>
internal sealed class DemoRun(DemoSettings settings, TextWriter output, TimeProvider time)
{
    /// <summary>Readings that the detector wants before it judges, and some more.</summary>
    private static readonly TimeSpan Healthy = TimeSpan.FromSeconds(26);

    private static readonly TimeSpan TrafficLineEvery = TimeSpan.FromSeconds(6);

    /// <summary>What the scenario's cure changes.</summary>
    private const string Sysctl = "net.ipv4.tcp_rmem";

    private readonly Narrator narrator = new(output, time);
    private readonly DemoWorkspace workspace = new(settings);

    /// <returns>0 when every value was put back and, where the demo ends with the story, the trouble was healed and verified.</returns>
    /// <exception cref="LabException">The lab or a service could not be started; everything is undone.</exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await EndLeftoversAsync(cancellationToken);
        DemoPorts.RequireFree(settings);
        workspace.Write(OptimizationMode.Apply);
        var scenario = ScenarioCatalog.Find(settings.Scenario)
            ?? throw new LabException($"tell of {settings.Scenario}", "there is no such scenario", $"choose one of {string.Join(", ", DemoSettings.Scenarios)}");
        await using var lab = await RunningLab.StartAsync(
            scenario, new LabSettings { Prefix = settings.Prefix, ObjectsDirectory = workspace.Objects, NodeName = DemoWorkspace.Node }, time, cancellationToken);
        var path = scenario.Paths[0].Healthy;
        narrator.Tell("lab", $"{string.Join(", ", lab.Pods.Select(pod => pod.Name))}: a network namespace each; every pair has a path of "
            + $"{path.BitsPerSecond / 1e6:0} Mbit/s and {path.Delay.TotalMilliseconds * 2:0} ms round trip, and uploads over it");

        var atStart = Values(lab);
        var isHealed = false;
        var isRestored = false;
        var services = new List<ServiceProcess>();
        try
        {
            foreach (var name in new[] { "optimizer", "tuner", "collector" })
            {
                services.Add(ServiceProcess.Start(name, settings.ServicesDirectory, workspace, narrator, time));
                narrator.Tell("start", $"{name}: process {services[^1].ProcessId}, settings {workspace.Settings(name)}, log {Path.Combine(workspace.Logs, name)}.log");
            }

            isHealed = await TellAsync(lab, cancellationToken);
            if (!settings.EndsWithTheStory)
            {
                TellAddresses();
                await WatchUntilStoppedAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            narrator.Tell("end", "asked to stop");
        }
        finally
        {
            isRestored = await EndAsync(services, lab, atStart);
        }

        return isRestored && (isHealed || !settings.EndsWithTheStory) ? 0 : 1;
    }

    private async Task EndLeftoversAsync(CancellationToken cancellationToken)
    {
        await ServiceProcess.EndLeftoversAsync(workspace, narrator, time, cancellationToken);
        if (File.Exists(workspace.HeldValues))
        {
            await TunerProcess.RevertAsync(settings.ServicesDirectory, workspace, narrator);
        }
    }

    /// <summary>From the first traffic to the verdict.</summary>
    private async Task<bool> TellAsync(RunningLab lab, CancellationToken cancellationToken)
    {
        using var optimizer = new OptimizerClient(settings.OptimizerPort);
        var story = new Story(narrator, optimizer, $"{PodDescription.KubernetesNamespace}/", [.. lab.Judged]);
        await story.FollowAsync(() => story.TrafficIsSeen, TimeSpan.FromSeconds(40), TrafficLineEvery, time, cancellationToken);
        await story.FollowAsync(() => false, Healthy, TrafficLineEvery, time, cancellationToken);

        await lab.WorsenAsync(cancellationToken);
        story.TroubleBegins();
        narrator.Tell("trouble", $"every path's round trip takes {lab.Scenario.Paths[0].Troubled.Delay.TotalMilliseconds * 2:0} ms from now on: {lab.Scenario.Problem}");
        var isJudged = await story.FollowAsync(() => story.Verdict is not null, settings.Patience, TrafficLineEvery, time, cancellationToken);
        if (!isJudged)
        {
            narrator.Tell("result", $"no change was judged within {settings.Patience.TotalSeconds:0} s; the journal ({workspace.Journal}) says how far it came");
            return false;
        }

        narrator.Tell("result", story.Result());
        narrator.Tell("journal", $"{workspace.Journal} holds every step, each written before it was taken");
        return story.Verdict == "Kept";
    }

    private async Task WatchUntilStoppedAsync(CancellationToken cancellationToken)
    {
        using var optimizer = new OptimizerClient(settings.OptimizerPort);
        var story = new Story(narrator, optimizer, $"{PodDescription.KubernetesNamespace}/", []);
        await story.SkipAsync(cancellationToken);
        await story.FollowAsync(() => false, Timeout.InfiniteTimeSpan, TimeSpan.FromMinutes(1), time, cancellationToken);
    }

    private void TellAddresses()
    {
        narrator.Tell("up", $"status page http://127.0.0.1:{settings.OptimizerPort}/");
        narrator.Tell("up", $"metrics http://127.0.0.1:{settings.CollectorPort}/metrics and http://127.0.0.1:{settings.OptimizerPort}/metrics");
        narrator.Tell("up", "the loop goes on (the other archive is next); Ctrl-C ends it and puts every value back");
    }

    /// <summary>Optimizer first, so that nothing new is begun; then the Tuner; then what it holds is put back.</summary>
    private async Task<bool> EndAsync(List<ServiceProcess> services, RunningLab lab, IReadOnlyList<string> atStart)
    {
        foreach (var service in services)
        {
            await service.DisposeAsync();
        }

        var isRestored = await TunerProcess.RevertAsync(settings.ServicesDirectory, workspace, narrator);
        var atEnd = Values(lab);
        for (var i = 0; i < atEnd.Count; i++)
        {
            if (atEnd[i] != atStart[i])
            {
                isRestored = false;
                narrator.Tell("end", $"{Sysctl} in {lab.Pods[i].Name} was {atStart[i]} and is {atEnd[i]}");
            }
        }

        narrator.Tell("end", isRestored ? $"checked: {Sysctl} is in every pod what it was; {lab.Pods.Count} network namespaces are removed" : "some values could not be put back; see above");
        return isRestored;
    }

    /// <summary>What holds in each pod, read by us and not by the services.</summary>
    private static List<string> Values(RunningLab lab)
    {
        using var thread = new NetworkNamespaceThread();
        return [.. lab.Pods.Select(pod => thread.Run(pod.NetworkNamespace, () => Linux.Sysctls.Sysctl.Read(Sysctl) ?? ""))];
    }
}
