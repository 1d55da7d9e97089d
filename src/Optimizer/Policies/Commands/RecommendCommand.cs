using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Manifests;
using NetPulse.Optimizer.Policies.Recommendation;

namespace NetPulse.Optimizer.Policies.Commands;

/// <summary><c>policies recommend SOURCE --flows FILE</c>: least privilege out of what was seen.</summary>
internal static class RecommendCommand
{
    public static async Task<int> RunAsync(Arguments arguments, TextWriter output, TextWriter errors)
    {
        var flows = arguments.Option("--flows") ?? throw new UsageException("--flows is missing");
        var namespaces = arguments.Option("--namespaces");
        var isDenying = !arguments.Flag("--no-default-deny");
        var source = arguments.Required("the manifests");
        arguments.End();

        var faults = new List<ObjectFileException>();
        List<ManifestObject> objects = [.. ManifestSource.Objects(source, faults)];
        var recommendation = PolicyRecommendation.Of(
            new RecommendationInputs(ManifestInputs.Read(objects, faults), [.. objects.Where(static o => o is { ApiVersion: "v1", Kind: nameof(Service) }).Select(static o => o.Read<Service>())], Owners(objects), FlowFile.Read(flows, faults)),
            new RecommendationOptions { Namespaces = [.. (namespaces ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)], DefaultDeny = isDenying });
        foreach (var fault in faults)
        {
            await errors.WriteLineAsync(fault.Message);
        }

        foreach (var flag in recommendation.Flags)
        {
            await errors.WriteLineAsync($"{(flag.NeedsReview ? "review" : "note")}: {flag}");
        }

        var replay = recommendation.Replay;
        await output.WriteLineAsync($"# From {recommendation.Coverage}; confidence: {recommendation.Coverage.Confidence.ToString().ToLowerInvariant()}.");
        await output.WriteLineAsync($"# Asked again with these policies in force: {replay.Conversations - replay.Broken.Length} of {replay.Conversations} conversations come about.");
        await output.WriteLineAsync($"# Denied between pods, on ports that they declare: {replay.DeniedBefore:P1} before, {replay.DeniedAfter:P1} after.");
        var number = 0;
        foreach (var stage in recommendation.Stages)
        {
            await output.WriteLineAsync($"# Stage {++number}: namespace {stage.Namespace}");
            foreach (var policy in stage.Policies)
            {
                await output.WriteLineAsync($"---\n{YamlDocument.Format(PolicyManifest.Of(policy)).TrimEnd()}");
            }
        }

        foreach (var broken in replay.Broken)
        {
            await errors.WriteLineAsync($"would still be denied: {broken}");
        }

        return replay.Broken.IsEmpty ? 0 : 1;
    }

    /// <summary>Who controls each pod. A ReplicaSet of a Deployment is named after it and the pod's template hash.</summary>
    private static Dictionary<string, string> Owners(List<ManifestObject> objects)
    {
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pod in objects.Where(static o => o is { ApiVersion: "v1", Kind: nameof(Pod) }))
        {
            var metadata = pod.Root["metadata"] as JsonObject ?? [];
            if (metadata["ownerReferences"] is JsonArray { Count: > 0 } references && references[0] is JsonObject owner)
            {
                var (kind, name) = ($"{owner["kind"]}", $"{owner["name"]}");
                var suffix = $"-{metadata["labels"]?["pod-template-hash"]}";
                var isOfDeployment = kind == "ReplicaSet" && suffix.Length > 1 && name.EndsWith(suffix, StringComparison.Ordinal);
                owners[$"{metadata["namespace"] ?? "default"}/{metadata["name"]}"] = isOfDeployment ? $"Deployment/{name[..^suffix.Length]}" : $"{kind}/{name}";
            }
        }

        return owners;
    }
}
