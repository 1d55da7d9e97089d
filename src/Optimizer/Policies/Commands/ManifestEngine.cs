using NetPulse.Kubernetes.Files;
using NetPulse.Optimizer.Policies.Manifests;

namespace NetPulse.Optimizer.Policies.Commands;

/// <summary>Builds the engine of a folder of manifests and names on standard error what could not be used.</summary>
internal static class ManifestEngine
{
    public static async Task<PolicyEngine> BuildAsync(string source, TextWriter errors)
    {
        var faults = new List<ObjectFileException>();
        var inputs = ManifestSource.Read(source, faults);
        foreach (var fault in faults)
        {
            await errors.WriteLineAsync(fault.Message);
        }

        return PolicyEngine.Build(inputs);
    }
}
