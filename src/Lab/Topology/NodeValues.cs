using System.Text.Json;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Linux.Sysctls;

namespace NetPulse.Lab.Topology;

/// <summary>Sysctls of the whole node that a lab sets while it runs. What held before is on disk before anything is written, and is put back at the end or, after kill -9, by the next lab.</summary>
/// <remarks>One lab at a time may do this on a node: the file is locked, and the kernel frees the lock with the process.</remarks>
public sealed class NodeValues : IDisposable
{
    /// <summary>Gone with the values themselves when the node starts anew.</summary>
    private const string DefaultFile = "/run/netpulse-lab-node-values.json";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(500);

    private readonly FileStream file;
    private Dictionary<string, string> before = new(StringComparer.Ordinal);

    private NodeValues(FileStream file) => this.file = file;

    /// <summary>Sets the values once no other lab of this node does, after putting back what a killed one left.</summary>
    /// <exception cref="LabException">Another lab holds values for minutes, or the file cannot be written.</exception>
    /// <exception cref="SysctlException">The kernel refuses a value; all is as before.</exception>
    public static async Task<NodeValues> HoldAsync(IReadOnlyDictionary<string, string> values, TimeProvider time, CancellationToken cancellationToken, string path = DefaultFile)
    {
        var held = new NodeValues(await LockAsync(path, time, cancellationToken));
        try
        {
            held.PutBackWhatIsOnDisk();
            held.Set(values);
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Puts back what a killed lab left; nothing when one that runs holds them.</summary>
    public static void PutBackLeftovers(string path = DefaultFile)
    {
        if (!File.Exists(path) || TryLock(path) is not { } file)
        {
            return;
        }

        using var held = new NodeValues(file);
        held.PutBackWhatIsOnDisk();
    }

    /// <summary>Sets one more, or another value of one that is held.</summary>
    /// <exception cref="SysctlException">The kernel refuses the value.</exception>
    public void Set(string name, string value) => Set(new Dictionary<string, string>(StringComparer.Ordinal) { [name] = value });

    /// <summary>Puts back what held before.</summary>
    public void Dispose()
    {
        foreach (var (name, value) in before.Reverse())
        {
            InHost(() => Sysctl.Write(name, value));
        }

        before.Clear();
        file.SetLength(0);
        file.Dispose();
    }

    private static async Task<FileStream> LockAsync(string path, TimeProvider time, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            if (TryLock(path) is { } file)
            {
                return file;
            }

            if (time.GetElapsedTime(start) > Patience)
            {
                throw new LabException("set sysctls of the whole node", $"another lab holds {path}", "wait until it has ended");
            }

            await Task.Delay(RetryAfter, time, cancellationToken);
        }
    }

    private static FileStream? TryLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException e)
        {
            throw new LabException($"open {path}", e.Message, "run the lab as root", e);
        }
    }

    /// <summary>A thread that enters no pod reads and writes the node's own; the caller's thread may be anybody's.</summary>
    private static void InHost(Action action) => InHost(() =>
    {
        action();
        return true;
    });

    private static T InHost<T>(Func<T> function)
    {
        using var thread = new NetworkNamespaceThread();
        return thread.Run(NetworkNamespaceList.Host(), function);
    }

    private void PutBackWhatIsOnDisk()
    {
        if (file.Length > 0)
        {
            file.Position = 0;
            before = JsonSerializer.Deserialize<Dictionary<string, string>>(file) ?? [];
            foreach (var (name, value) in before.Reverse())
            {
                InHost(() => Sysctl.Write(name, value));
            }

            before = new Dictionary<string, string>(StringComparer.Ordinal);
        }
    }

    private void Set(IReadOnlyDictionary<string, string> values)
    {
        foreach (var name in values.Keys.Where(name => !before.ContainsKey(name)))
        {
            before[name] = InHost(() => Sysctl.Read(name))
                ?? throw new LabException($"set {name}", "this kernel does not have it", "the scenario cannot be run here");
        }

        // In one write, and over what is there, which is never longer: killed in between, the file is still whole.
        file.Position = 0;
        file.Write(JsonSerializer.SerializeToUtf8Bytes(before));
        file.SetLength(file.Position);
        file.Flush(flushToDisk: true);
        foreach (var (name, value) in values)
        {
            InHost(() => Sysctl.Write(name, value));
        }
    }
}
