using NetPulse.Kubernetes.Files;
using NetPulse.Optimizer.Policies.Manifests;
using NetPulse.Optimizer.Policies.Recommendation;

namespace NetPulse.Optimizer.Policies.Commands;

/// <summary><c>policies simplify SOURCE</c>: network policies with fewer rules that mean the same.</summary>
internal static class SimplifyCommand
{
    public static async Task<int> RunAsync(Arguments arguments, TextWriter output, TextWriter errors)
    {
        var source = arguments.Required("the manifests");
        arguments.End();
        var faults = new List<ObjectFileException>();
        var simplified = PolicySimplification.Of(ManifestSource.Read(source, faults));
        foreach (var fault in faults)
        {
            await errors.WriteLineAsync(fault.Message);
        }

        foreach (var policy in simplified)
        {
            await output.WriteLineAsync($"# {policy.Before} rules before, {policy.After} after; everyone may talk to the same as before\n---\n{YamlDocument.Format(PolicyManifest.Of(policy.Policy)).TrimEnd()}");
        }

        await errors.WriteLineAsync($"{simplified.Length} policies can be smaller");
        return 0;
    }
}
