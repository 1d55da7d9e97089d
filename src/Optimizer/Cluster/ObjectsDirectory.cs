using System.Collections.Immutable;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Optimizer.Cluster;

/// <summary>Standalone mode's place for objects: <c>pods/*.yaml</c>, <c>nodetunings/NODE.yaml</c> (the spec, ours) and <c>nodetunings/NODE.status.yaml</c> (the Tuner's).</summary>
/// <remarks>A file that cannot be read is named in the snapshot; the others are still read.</remarks>
public sealed class ObjectsDirectory(ClusterOptions options, TimeProvider time)
{
    private const string StatusSuffix = ".status.yaml";

    private readonly string pods = Path.Combine(options.ObjectsDirectory, "pods");
    private readonly string nodeTunings = Path.Combine(options.ObjectsDirectory, "nodetunings");

    public ClusterSnapshot Read()
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        return new ClusterSnapshot(time.GetUtcNow(), ReadPods(problems), ReadNodeTunings(problems), ReadPolicy(problems), problems.DrainToImmutable());
    }

    /// <exception cref="ObjectFileException">There is a policy file and it cannot be used.</exception>
    public OptimizationPolicy ReadPolicy() =>
        options.PolicyFile.Length == 0 ? Observe("default") : ObjectFile.Read<OptimizationPolicy>(options.PolicyFile);

    /// <summary>A node's desired settings as they are now; none when nobody has written any.</summary>
    /// <exception cref="ObjectFileException">The file cannot be used.</exception>
    public NodeTuningSpec ReadSpec(string node) =>
        File.Exists(SpecFile(node)) ? ObjectFile.Read<NodeTuning>(SpecFile(node)).Spec : new NodeTuningSpec();

    /// <summary>Replaces a node's desired settings in one step.</summary>
    /// <exception cref="IOException">Nothing was replaced.</exception>
    public void Write(string node, NodeTuningSpec spec)
    {
        Directory.CreateDirectory(nodeTunings);
        ObjectFile.Write(SpecFile(node), new NodeTuning { Metadata = new ObjectMeta { Name = node }, Spec = spec });
    }

    private string SpecFile(string node) => Path.Combine(nodeTunings, $"{node}.yaml");

    private ImmutableArray<Pod> ReadPods(ImmutableArray<string>.Builder problems) =>
        [.. Files(pods).Select(file => TryRead<Pod>(file, problems)).OfType<Pod>()];

    private ImmutableDictionary<string, NodeTuning> ReadNodeTunings(ImmutableArray<string>.Builder problems)
    {
        var found = ImmutableDictionary.CreateBuilder<string, NodeTuning>(StringComparer.Ordinal);
        foreach (var file in Files(nodeTunings))
        {
            if (TryRead<NodeTuning>(file, problems) is { } part)
            {
                var whole = found.GetValueOrDefault(part.Metadata.Name) ?? new NodeTuning { Metadata = part.Metadata };
                found[part.Metadata.Name] = file.EndsWith(StatusSuffix, StringComparison.Ordinal) ? whole with { Status = part.Status } : whole with { Spec = part.Spec };
            }
        }

        return found.ToImmutable();
    }

    /// <summary>A policy that broke while we run must not be guessed at: until it is mended nothing is changed.</summary>
    private OptimizationPolicy ReadPolicy(ImmutableArray<string>.Builder problems)
    {
        try
        {
            return ReadPolicy();
        }
        catch (ObjectFileException e)
        {
            problems.Add(e.Message);
            return Observe("unreadable");
        }
    }

    private static OptimizationPolicy Observe(string name) => new() { Metadata = new ObjectMeta { Name = name } };

    private static IEnumerable<string> Files(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.yaml").Order(StringComparer.Ordinal) : [];

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
