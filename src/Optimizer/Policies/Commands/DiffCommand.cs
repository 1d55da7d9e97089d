using NetPulse.Kubernetes.Files;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Ports;
using NetPulse.Optimizer.Policies.Questions;

namespace NetPulse.Optimizer.Policies.Commands;

/// <summary><c>policies diff OLD NEW [--flows FILE]</c>: what a change of manifests opens (+) and closes (-). Exit code 1 when there is a difference.</summary>
internal static class DiffCommand
{
    public static async Task<int> RunAsync(Arguments arguments, TextWriter output, TextWriter errors)
    {
        var flows = arguments.Option("--flows");
        var (oldSource, newSource) = (arguments.Required("the old manifests"), arguments.Required("the new manifests"));
        arguments.End();
        var (old, @new) = (await ManifestEngine.BuildAsync(oldSource, errors), await ManifestEngine.BuildAsync(newSource, errors));
        var difference = Difference.Between(old, @new);
        foreach (var change in difference.Changes)
        {
            if (!change.Added.IsEmpty)
            {
                await output.WriteLineAsync($"+ {change.From} -> {change.To}: {PortText.Of(change.Added)}");
            }

            if (!change.Removed.IsEmpty)
            {
                await output.WriteLineAsync($"- {change.From} -> {change.To}: {PortText.Of(change.Removed)}");
            }
        }

        foreach (var (pods, words) in new[] { (difference.NewPods, "new, not compared"), (difference.GonePods, "gone, not compared") })
        {
            foreach (var pod in pods)
            {
                await output.WriteLineAsync($"  {pod}: {words}");
            }
        }

        await output.WriteLineAsync($"{difference.Changes.Count(static c => !c.Added.IsEmpty)} opened, {difference.Changes.Count(static c => !c.Removed.IsEmpty)} closed");
        if (flows is not null)
        {
            await WriteImpactAsync(old, @new, flows, output, errors);
        }

        return difference.Changes.IsEmpty ? 0 : 1;
    }

    private static async Task WriteImpactAsync(PolicyEngine old, PolicyEngine @new, string flows, TextWriter output, TextWriter errors)
    {
        var faults = new List<ObjectFileException>();
        var impact = FlowImpact.Of(old, @new, FlowFile.Read(flows, faults));
        foreach (var fault in faults)
        {
            await errors.WriteLineAsync(fault.Message);
        }

        foreach (var (words, changed) in new[] { ("this would break", impact.Broken), ("this would let through", impact.LetThrough) })
        {
            await output.WriteLineAsync($"{words} {changed.Length} flows{(changed.IsEmpty ? "" : $", last seen {changed.Max(static c => c.Flow.LastSeen):yyyy-MM-dd HH:mm:ss}Z:")}");
            foreach (var change in changed)
            {
                await output.WriteLineAsync($"  {change.Flow}, seen {change.Flow.Count} times, last {change.Flow.LastSeen:yyyy-MM-dd HH:mm:ss}Z: {change.Verdict}");
            }
        }

        if (impact.Unknown > 0)
        {
            await output.WriteLineAsync($"{impact.Unknown} flows are of pods that are not in the manifests, or of protocols that policies cannot state");
        }
    }
}
