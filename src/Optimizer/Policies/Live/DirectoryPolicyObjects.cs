using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;
using NetPulse.Optimizer.Policies.Validation;

namespace NetPulse.Optimizer.Policies.Live;

/// <summary>Standalone mode: <c>networkpolicies/NAMESPACE/NAME.yaml</c>, <c>pods/*.yaml</c>, <c>nodes/*.yaml</c> and <c>services/*.yaml</c> of the objects directory; what the API server would check is checked here.</summary>
public sealed class DirectoryPolicyObjects(string directory, DirectoryObjectStore<NetworkPolicy> policies) : IPolicyObjects
{
    private readonly string pods = Path.Combine(directory, "pods");

    public async Task<ImmutableArray<NetworkPolicy>> ListAsync(CancellationToken cancellationToken) => [.. (await policies.ListAsync(cancellationToken)).Items];

    public Task<(ImmutableArray<Node> Nodes, ImmutableArray<Service> Services)> ListAddressesAsync(CancellationToken cancellationToken)
    {
        return Task.FromResult((Read<Node>("nodes"), Read<Service>("services")));

        ImmutableArray<T> Read<T>(string kind)
            where T : class, IKubernetesObject
        {
            var folder = Path.Combine(directory, kind);
            return [.. Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.yaml").Order(StringComparer.Ordinal).Select(ObjectFile.Read<T>) : []];
        }
    }

    public Task<string?> RefusalAsync(NetworkPolicy policy, CancellationToken cancellationToken)
    {
        var faults = NetworkPolicyValidation.Of(policy).ToList();
        return Task.FromResult(faults.Count == 0 ? null : string.Join("; ", faults));
    }

    public Task ApplyAsync(NetworkPolicy policy, CancellationToken cancellationToken) => policies.ApplyAsync(policy, cancellationToken);

    public async Task DeleteAsync(string @namespace, string name, CancellationToken cancellationToken)
    {
        try
        {
            await policies.DeleteAsync(name, @namespace, cancellationToken);
        }
        catch (KubernetesException e) when (e.Fault is ApiFault.NotFound)
        {
            // What was to be reached.
        }
    }

    /// <summary>Nobody refuses it here.</summary>
    public Task<string?> LabelRefusalAsync(PodReference pod, string key, string? value, CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    public async Task LabelAsync(PodReference pod, string key, string? value, CancellationToken cancellationToken)
    {
        foreach (var file in Directory.Exists(pods) ? Directory.EnumerateFiles(pods, "*.yaml") : [])
        {
            var faults = new List<ObjectFileException>();
            var found = ManifestObject.ParseAll(file, await File.ReadAllTextAsync(file, cancellationToken), faults).ToList();
            if (found is not [{ Kind: nameof(Pod) } manifest] || manifest.Root["metadata"] is not JsonObject metadata
                || $"{metadata["name"]}" != pod.Name || $"{metadata["namespace"]}" != pod.Namespace)
            {
                continue;
            }

            var labels = metadata["labels"] as JsonObject ?? [];
            metadata.Remove("labels");
            metadata["labels"] = labels;
            labels.Remove(key);
            if (value is not null)
            {
                labels[key] = value;
            }

            // Whoever reads meanwhile sees the old file or the new one.
            var written = $"{file}.{Environment.ProcessId}.new";
            await File.WriteAllTextAsync(written, YamlDocument.Format(manifest.Root), cancellationToken);
            File.Move(written, file, overwrite: true);
        }
    }
}
