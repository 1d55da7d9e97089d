using NetPulse.Hosting;

namespace NetPulse.Tuner.Desired;

/// <summary>Where a Tuner remembers what held before; one process at a time.</summary>
public sealed class StateDirectory : IDisposable
{
    private readonly FileStream inUse;

    private StateDirectory(string path, FileStream inUse)
    {
        HeldFile = Path.Combine(path, "held.jsonl");
        this.inUse = inUse;
    }

    public string HeldFile { get; }

    /// <exception cref="StartRefusedException">Another process uses it, or it cannot be written.</exception>
    public static StateDirectory Open(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"the state directory {path} cannot be made: {e.Message}", e);
        }

        try
        {
            // The kernel's lock on an open file (flock) ends with its process, however that ends.
            return new StateDirectory(path, new FileStream(Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StartRefusedException($"the state directory {path} cannot be written: {e.Message}", e);
        }
        catch (IOException e)
        {
            throw new StartRefusedException($"the state directory {path} is in use: another Tuner runs on it; stop that one first ({e.Message})", e);
        }
    }

    public void Dispose() => inUse.Dispose();
}
