using NetPulse.Optimizer.Policies.Ports;
using NetPulse.Optimizer.Policies.Questions;

namespace NetPulse.Optimizer.Policies.Commands;

/// <summary><c>policies diff OLD NEW</c>: what a change of manifests opens (+) and closes (-). Exit code 1 when there is a difference.</summary>
internal static class DiffCommand
{
    public static async Task<int> RunAsync(Arguments arguments, TextWriter output, TextWriter errors)
    {
        var (oldSource, newSource) = (arguments.Required("the old manifests"), arguments.Required("the new manifests"));
        arguments.End();
        var difference = Difference.Between(await ManifestEngine.BuildAsync(oldSource, errors), await ManifestEngine.BuildAsync(newSource, errors));
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
        return difference.Changes.IsEmpty ? 0 : 1;
    }
}
