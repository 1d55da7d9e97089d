using System.Collections.Immutable;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;

namespace NetPulse.Optimizer.Cluster;

/// <summary>Standalone mode's place for objects: <c>pods/*.yaml</c>, <c>nodetunings/NODE.yaml</c> (the spec, ours), <c>nodetunings/NODE.status.yaml</c> (the Tuner's) and <c>networkrecommendations/NAMESPACE/NAME.yaml</c>.</summary>
/// <remarks>A file that cannot be read is named in the snapshot; the others are still read.</remarks>
public sealed class ObjectsDirectory(ClusterOptions options, TimeProvider time, DirectoryObjectStore<NetworkRecommendation> recommendations) : IClusterObjects
{
    private const string SpecSuffix = ".yaml";
    private const string StatusSuffix = ".status.yaml";

    private readonly string pods = Path.Combine(options.ObjectsDirectory, "pods");
    private readonly string nodeTunings = Path.Combine(options.ObjectsDirectory, "nodetunings");

    public string Term => "";

    public OptimizationPolicy? PolicyAtStart() => ReadPolicy();

    public async Task<ClusterSnapshot> ReadAsync(CancellationToken cancellationToken = default)
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        var at = time.GetUtcNow();
        var (tunings, unreadable) = ReadNodeTunings(problems);
        var (known, policy) = (ReadPods(problems), ReadPolicy(problems));
        var recommended = await recommendations.ListAsync(cancellationToken);
        problems.AddRange(recommendations.Problems.Select(static problem => problem.Message));
        return new ClusterSnapshot(at, known, tunings, unreadable, policy, problems.DrainToImmutable()) { Recommendations = recommended.Items };
    }

    /// <exception cref="ObjectFileException">There is a policy file and it cannot be used.</exception>
    public OptimizationPolicy ReadPolicy() =>
        options.PolicyFile.Length == 0 ? new() { Metadata = new ObjectMeta { Name = "default" } } : ObjectFile.Read<OptimizationPolicy>(options.PolicyFile);

    /// <summary>A node's desired settings as they are now; none when nobody has written any.</summary>
    /// <exception cref="ObjectFileException">The file cannot be used.</exception>
    public NodeTuningSpec ReadSpec(string node) =>
        File.Exists(SpecFile(node)) ? ObjectFile.Read<NodeTuning>(SpecFile(node)).Spec : new NodeTuningSpec();

    public Task ReplaceSettingsAsync(string node, Func<IReadOnlyList<SysctlSetting>, IEnumerable<SysctlSetting>> change, string recommendation, CancellationToken cancellationToken = default)
    {
        try
        {
            var stored = ReadSpec(node).Settings;
            var wanted = new NodeTuningSpec { Settings = [.. change(stored)] };
            if (!wanted.Settings.SequenceEqual(stored))
            {
                Write(node, wanted, recommendation);
            }

            return Task.CompletedTask;
        }
        catch (IOException e)
        {
            return Task.FromException(e);
        }
    }

    /// <summary>As far as a file's own content says it.</summary>
    public Task TryReplaceSettingsAsync(string node, Func<IReadOnlyList<SysctlSetting>, IEnumerable<SysctlSetting>> change, string recommendation, CancellationToken cancellationToken = default)
    {
        try
        {
            _ = ReadSpec(node);
            return Task.CompletedTask;
        }
        catch (IOException e)
        {
            return Task.FromException(e);
        }
    }

    /// <exception cref="IOException">Nothing was replaced.</exception>
    private void Write(string node, NodeTuningSpec spec, string recommendation)
    {
        try
        {
            Directory.CreateDirectory(nodeTunings);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ObjectFileException(nodeTunings, 0, "", $"cannot be made: {e.Message}", e);
        }

        var metadata = new ObjectMeta { Name = node };
        if (recommendation.Length > 0)
        {
            metadata = metadata with { Annotations = new Dictionary<string, string>(StringComparer.Ordinal) { [NetworkRecommendation.NameAnnotation] = recommendation } };
        }

        ObjectFile.Write(SpecFile(node), new NodeTuning { Metadata = metadata, Spec = spec });
    }

    private string SpecFile(string node) => Path.Combine(nodeTunings, $"{node}{SpecSuffix}");

    private ImmutableArray<Pod> ReadPods(ImmutableArray<string>.Builder problems) =>
        [.. Files(pods, problems).Select(file => TryRead<Pod>(file, problems)).OfType<Pod>()];

    private (ImmutableDictionary<string, NodeTuning> Read, ImmutableHashSet<string> Unreadable) ReadNodeTunings(ImmutableArray<string>.Builder problems)
    {
        var found = ImmutableDictionary.CreateBuilder<string, NodeTuning>(StringComparer.Ordinal);
        var unreadable = ImmutableHashSet.CreateBuilder<string>(StringComparer.Ordinal);
        foreach (var file in Files(nodeTunings, problems))
        {
            var isStatus = file.EndsWith(StatusSuffix, StringComparison.Ordinal);
            var node = Path.GetFileName(file)[..^(isStatus ? StatusSuffix : SpecSuffix).Length];
            if (TryRead<NodeTuning>(file, problems) is not { } part)
            {
                unreadable.Add(node);
            }
            else if (part.Metadata.Name != node)
            {
                problems.Add($"{file}: metadata.name: must be {node}, as the file is named");
                unreadable.Add(node);
            }
            else
            {
                var whole = found.GetValueOrDefault(node) ?? new NodeTuning { Metadata = part.Metadata };
                found[node] = isStatus ? whole with { Status = part.Status } : whole with { Metadata = part.Metadata, Spec = part.Spec };
            }
        }

        return (found.ToImmutable(), unreadable.ToImmutable());
    }

    /// <summary>A policy that broke while we run must not be guessed at: it counts as paused until it is mended, so that nothing is changed and an open change is taken back.</summary>
    private OptimizationPolicy ReadPolicy(ImmutableArray<string>.Builder problems)
    {
        try
        {
            return ReadPolicy();
        }
        catch (ObjectFileException e)
        {
            problems.Add(e.Message);
            return new() { Metadata = new ObjectMeta { Name = "unreadable" }, Spec = new() { Paused = [$"the policy cannot be read: {e.Message}"] } };
        }
    }

    private static IReadOnlyList<string> Files(string folder, ImmutableArray<string>.Builder problems)
    {
        try
        {
            return Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "*.yaml").Order(StringComparer.Ordinal)] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add($"{folder}: cannot be read: {e.Message}");
            return [];
        }
    }

    private static T? TryRead<T>(string file, ImmutableArray<string>.Builder problems)
        where T : class, IKubernetesObject
    {
        try
        {
            return ObjectFile.Read<T>(file);
        }
        catch (ObjectFileException e)
        {
            problems.Add(e.Message);
            return null;
        }
    }
}
