using NetPulse.Kubernetes.Objects;
using NetPulse.Lab.Topology;

namespace NetPulse.Lab.Demo;

/// <summary>This host's own traffic: collector and optimizer alone. No lab, no Tuner: nothing can be changed.</summary>
internal sealed class HostWatch(DemoSettings settings, TextWriter output, TimeProvider time)
{
    private readonly Narrator narrator = new(output, time);
    private readonly DemoWorkspace workspace = new(settings);

    /// <exception cref="LabException">A service could not be started.</exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await ServiceProcess.EndLeftoversAsync(workspace, narrator, time, cancellationToken);
        DemoPorts.RequireFree(settings);
        workspace.Write(OptimizationMode.Observe);
        await using var optimizerProcess = ServiceProcess.Start("optimizer", settings.ServicesDirectory, workspace, narrator, time);
        await using var collectorProcess = ServiceProcess.Start("collector", settings.ServicesDirectory, workspace, narrator, time);
        narrator.Tell("start", $"collector and optimizer watch this host; no Tuner runs and the policy says {OptimizationMode.Observe}: nothing is changed");
        narrator.Tell("up", $"status page http://127.0.0.1:{settings.OptimizerPort}/, metrics http://127.0.0.1:{settings.CollectorPort}/metrics; Ctrl-C ends it");
        try
        {
            using var optimizer = new OptimizerClient(settings.OptimizerPort);
            var story = new Story(narrator, optimizer, "", []);
            await story.FollowAsync(() => false, Timeout.InfiniteTimeSpan, TimeSpan.FromSeconds(10), time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            narrator.Tell("end", "asked to stop; nothing was changed, nothing is left");
        }

        return 0;
    }
}
