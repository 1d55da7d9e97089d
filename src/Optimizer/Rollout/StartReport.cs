using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Journal;

namespace NetPulse.Optimizer.Rollout;

/// <summary>Before the first run: a policy that is a file must be readable, and the journal says what we start with.</summary>
internal sealed class StartReport(IClusterObjects objects, ChangeJournal journal) : IHostedService
{
    /// <summary>Read as soon as this is made, so that the start is refused before anything runs.</summary>
    /// <exception cref="ObjectFileException">The policy cannot be used.</exception>
    private readonly OptimizationPolicy? policy = objects.PolicyAtStart();

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var open = journal.Changes.Where(state => state.IsOpen).Select(state => $"{state.Change.Name} ({state.Phase})").ToList();
        var setAside = journal.SetAsideBytes > 0 ? $"; {journal.SetAsideBytes} bytes of an unfinished last entry were set aside" : "";
        journal.Note(
            EntryKind.Started,
            "optimizer",
            $"started with {(policy is null ? "the cluster's policy" : $"policy {policy.Metadata.Name}, mode {policy.Spec.Mode}")}; {(open.Count == 0 ? "no change is open" : $"open changes are taken up again: {string.Join(", ", open)}")}{setAside}");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
