using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Watching;

namespace NetPulse.Kubernetes.Stores;

/// <summary>Objects of one kind as YAML files: <c>DIRECTORY/nodetunings/NAME.yaml</c> and beside it the status, <c>NAME.status.yaml</c>; of a namespaced kind in <c>PLURAL/NAMESPACE/</c>.</summary>
/// <remarks>
/// Spec and status are files of their own, as their writers are others. Versions are fingerprints of what the files say, so that a person's edit is a change like any other.
/// A file that cannot be used is logged, and stays in <see cref="Problems"/>; what it last said stays in sight of those who follow.
/// </remarks>
public sealed partial class DirectoryObjectStore<T>(string directory, TimeProvider time, ILogger<DirectoryObjectStore<T>> logger) : IObjectStore<T>
    where T : class, IWholeResource<T>
{
    private const string SpecSuffix = ".yaml";
    private const string StatusSuffix = ".status.yaml";

    /// <summary>A directory tells of changes at most this late.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly string root = Path.Combine(directory, T.Type.Plural);
    private readonly Lock gate = new();
    private ImmutableDictionary<string, ObjectFileException> problems = ImmutableDictionary<string, ObjectFileException>.Empty;

    /// <summary>Files that could not be used when they were last read: what stands in them is not known, which is not the same as nothing.</summary>
    public IReadOnlyCollection<ObjectFileException> Problems => [.. problems.Values];

    public Task<ResourceList<T>> ListAsync(CancellationToken cancellationToken = default)
    {
        var items = ReadAll();
        return Task.FromResult(new ResourceList<T>([.. items.Values], ObjectParts.Fingerprint(string.Join('\n', items.Select(static pair => $"{pair.Key} {pair.Value.Metadata.ResourceVersion}")))));
    }

    public Task<T?> FindAsync(string name, string @namespace = "", CancellationToken cancellationToken = default) =>
        Task.FromResult(IsName(name, @namespace) && File.Exists(FileOf(name, @namespace, SpecSuffix)) ? Read(FileOf(name, @namespace, SpecSuffix)) : null);

    public async IAsyncEnumerable<ResourceChange<T>> FollowAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var known = ReadAll();
        yield return new ResourceChange<T>.Listed([.. known.Values]);
        using var timer = new PeriodicTimer(LookEvery, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var now = ReadAll();
            foreach (var (file, value) in now)
            {
                if (known.GetValueOrDefault(file)?.Metadata.ResourceVersion != value.Metadata.ResourceVersion)
                {
                    yield return new ResourceChange<T>.Stored(value);
                }
            }

            foreach (var (file, value) in known.Where(pair => !now.ContainsKey(pair.Key)))
            {
                if (problems.ContainsKey(file) && File.Exists(file))
                {
                    // Broken is not deleted.
                    now = now.Add(file, value);
                }
                else
                {
                    yield return new ResourceChange<T>.Removed(value);
                }
            }

            known = now;
        }
    }

    public Task<T> ApplyAsync(T value, CancellationToken cancellationToken = default)
    {
        var (name, @namespace) = (value.Metadata.Name, value.Metadata.Namespace);
        var file = FileOf(name, @namespace, SpecSuffix);
        lock (gate)
        {
            var stored = File.Exists(file) ? Read(file) : null;
            DemandVersion(value, stored);
            var json = ObjectParts.ToJson(value);
            json.Remove(ObjectParts.Status);
            json["metadata"] = OwnMetadata(value.Metadata);
            Write(file, json, value);
            return Task.FromResult(Read(file));
        }
    }

    public Task<T> ApplyStatusAsync(T value, CancellationToken cancellationToken = default)
    {
        var (name, @namespace) = (value.Metadata.Name, value.Metadata.Namespace);
        var file = FileOf(name, @namespace, SpecSuffix);
        lock (gate)
        {
            var stored = File.Exists(file) ? Read(file) : throw NotFound("PATCH", name);
            DemandVersion(value, stored);
            var whole = ObjectParts.ToJson(value);
            var json = new JsonObject
            {
                ["apiVersion"] = value.ApiVersion,
                ["kind"] = value.Kind,
                ["metadata"] = OwnMetadata(new ObjectMeta { Name = name, Namespace = @namespace }),
                [ObjectParts.Status] = whole[ObjectParts.Status]?.DeepClone(),
            };
            Write(FileOf(name, @namespace, StatusSuffix), json, value);
            return Task.FromResult(Read(file));
        }
    }

    public Task DeleteAsync(string name, string @namespace = "", CancellationToken cancellationToken = default)
    {
        var file = FileOf(name, @namespace, SpecSuffix);
        lock (gate)
        {
            if (!File.Exists(file))
            {
                throw NotFound("DELETE", name);
            }

            // The object first: a status alone is no object.
            File.Delete(file);
            File.Delete(FileOf(name, @namespace, StatusSuffix));
        }

        return Task.CompletedTask;
    }

    private ImmutableSortedDictionary<string, T> ReadAll()
    {
        var found = ImmutableSortedDictionary.CreateBuilder<string, T>(StringComparer.Ordinal);
        var faults = ImmutableDictionary.CreateBuilder<string, ObjectFileException>(StringComparer.Ordinal);
        foreach (var file in Files(faults))
        {
            try
            {
                found[file] = Read(file);
            }
            catch (ObjectFileException) when (!File.Exists(file))
            {
                // Deleted since it was listed.
            }
            catch (ObjectFileException e)
            {
                faults[file] = e;
                if (!problems.TryGetValue(file, out var before) || before.Message != e.Message)
                {
                    LogUnusable(e.Message);
                }
            }
        }

        problems = faults.ToImmutable();
        return found.ToImmutable();
    }

    private IReadOnlyList<string> Files(ImmutableDictionary<string, ObjectFileException>.Builder faults)
    {
        try
        {
            return Directory.Exists(root)
                ? [.. Directory.EnumerateFiles(root, $"*{SpecSuffix}", T.Type.IsNamespaced ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly).Where(static f => !f.EndsWith(StatusSuffix, StringComparison.Ordinal))]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            faults[root] = new ObjectFileException(root, 0, "", $"cannot be read: {e.Message}", e);
            return [];
        }
    }

    /// <exception cref="ObjectFileException">The object or its status cannot be used.</exception>
    private static T Read(string file)
    {
        var spec = ObjectFile.Read<T>(file);
        var name = Path.GetFileName(file)[..^SpecSuffix.Length];
        if (spec.Metadata.Name != name)
        {
            throw new ObjectFileException(file, 0, "metadata.name", $"must be {name}, as the file is named");
        }

        var json = ObjectParts.ToJson(spec);
        json.Remove(ObjectParts.Status);
        var specText = json.ToJsonString();
        var statusFile = $"{file[..^SpecSuffix.Length]}{StatusSuffix}";
        if (File.Exists(statusFile) && ObjectParts.ToJson(ObjectFile.Read<T>(statusFile))[ObjectParts.Status] is { } status)
        {
            json[ObjectParts.Status] = status.DeepClone();
        }

        var metadata = json["metadata"]!.AsObject();
        metadata["resourceVersion"] = ObjectParts.Fingerprint(json.ToJsonString());
        metadata["generation"] = long.Parse(ObjectParts.Fingerprint(specText).AsSpan(0, 12), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return ObjectParts.FromJson<T>(json);
    }

    private void Write(string file, JsonObject json, T value)
    {
        var text = YamlDocument.Format(json);
        try
        {
            // As strict as it will be read.
            ObjectFile.Parse<T>(file, text);
        }
        catch (ObjectFileException e)
        {
            throw new KubernetesException($"PATCH {file}", new ApiFault.Invalid([new InvalidField(e.Field, "FieldValueInvalid", e.Problem)]), 422, e.Message, e);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        ObjectFile.WriteText(file, text);
        LogWritten(value.Kind, value.Metadata.Name);
    }

    private static void DemandVersion(T value, T? stored)
    {
        if (value.Metadata.ResourceVersion is { Length: > 0 } expected && stored is not null && stored.Metadata.ResourceVersion != expected)
        {
            throw new KubernetesException($"PATCH {T.Type.Plural}/{value.Metadata.Name}", new ApiFault.VersionConflict(T.Type.Plural, value.Metadata.Name), 409, "the object has been modified; read it again");
        }
    }

    private static JsonObject OwnMetadata(ObjectMeta metadata) => ObjectParts.ToJson(metadata with { Uid = "", ResourceVersion = "", Generation = null, CreationTimestamp = null, DeletionTimestamp = null });

    private static KubernetesException NotFound(string method, string name) =>
        new($"{method} {T.Type.Plural}/{name}", new ApiFault.NotFound(T.Type.Plural, name), 404, $"{T.Type.Plural} \"{name}\" not found");

    private string FileOf(string name, string @namespace, string suffix) => IsName(name, @namespace)
        ? Path.Combine(root, T.Type.IsNamespaced ? @namespace : "", $"{name}{suffix}")
        : throw new KubernetesException($"{T.Type.Plural}/{name}", new ApiFault.Invalid([new InvalidField("metadata.name", "FieldValueInvalid", "must be a lower-case DNS name")]), 422, $"'{name}' is no name of an object");

    /// <summary>A name becomes a file's: only what Kubernetes itself allows, and so no path. A namespaced kind needs its namespace.</summary>
    private static bool IsName(string name, string @namespace) =>
        DnsName.IsSubdomain(name) && (!T.Type.IsNamespaced || DnsName.IsSubdomain(@namespace));

    [LoggerMessage(Level = LogLevel.Warning, Message = "An object is left as it was until its file is mended: {Problem}")]
    private partial void LogUnusable(string problem);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Kind} {Name} is written")]
    private partial void LogWritten(string kind, string name);
}
