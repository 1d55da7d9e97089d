using System.Collections.Immutable;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Optimizer.Cluster;

/// <summary>Standalone mode's place for objects: <c>pods/*.yaml</c>, <c>nodetunings/NODE.yaml</c> (the spec, ours) and <c>nodetunings/NODE.status.yaml</c> (the Tuner's).</summary>
/// <remarks>A file that cannot be read is named in the snapshot; the others are still read.</remarks>
public sealed class ObjectsDirectory(ClusterOptions options, TimeProvider time)
{
    private const string SpecSuffix = ".yaml";
    private const string StatusSuffix = ".status.yaml";

    private readonly string pods = Path.Combine(options.ObjectsDirectory, "pods");
    private readonly string nodeTunings = Path.Combine(options.ObjectsDirectory, "nodetunings");

    public ClusterSnapshot Read()
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        var at = time.GetUtcNow();
        var (tunings, unreadable) = ReadNodeTunings(problems);
        return new ClusterSnapshot(at, ReadPods(problems), tunings, unreadable, ReadPolicy(problems), problems.DrainToImmutable());
    }

    /// <exception cref="ObjectFileException">There is a policy file and it cannot be used.</exception>
    public OptimizationPolicy ReadPolicy() =>
        options.PolicyFile.Length == 0 ? new() { Metadata = new ObjectMeta { Name = "default" } } : ObjectFile.Read<OptimizationPolicy>(options.PolicyFile);

    /// <summary>A node's desired settings as they are now; none when nobody has written any.</summary>
    /// <exception cref="ObjectFileException">The file cannot be used.</exception>
    public NodeTuningSpec ReadSpec(string node) =>
        File.Exists(SpecFile(node)) ? ObjectFile.Read<NodeTuning>(SpecFile(node)).Spec : new NodeTuningSpec();

    /// <summary>Replaces a node's desired settings in one step.</summary>
    /// <exception cref="IOException">Nothing was replaced.</exception>
    public void Write(string node, NodeTuningSpec spec)
    {
        try
        {
            Directory.CreateDirectory(nodeTunings);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ObjectFileException(nodeTunings, 0, "", $"cannot be made: {e.Message}", e);
        }

        ObjectFile.Write(SpecFile(node), new NodeTuning { Metadata = new ObjectMeta { Name = node }, Spec = spec });
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
                found[node] = isStatus ? whole with { Status = part.Status } : whole with { Spec = part.Spec };
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
