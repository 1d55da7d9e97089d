using Microsoft.Win32.SafeHandles;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Linux.Sysctls;

namespace NetPulse.Tuner.Namespaces;

/// <summary>Reads and writes sysctls of a network namespace, never of another that took its name or number in the meantime.</summary>
/// <remarks>Needs CAP_SYS_ADMIN to enter and CAP_NET_ADMIN to write.</remarks>
public sealed class NamespaceSysctls : IDisposable
{
    private const int ENOENT = 2;

    private readonly NetworkNamespaceThread thread = new();
    private readonly Dictionary<(ulong Inode, ulong Cookie, string Sysctl), SafeFileHandle> kept = [];

    /// <summary>Whether a failure says that the namespace is no more.</summary>
    public static bool IsGone(Exception failure) => failure is NetworkNamespaceException { Errno: ENOENT };

    public TargetNamespace Host()
    {
        var host = NetworkNamespaceList.Host();
        return new TargetNamespace(host, thread.CookieOf(host));
    }

    /// <returns><see langword="null"/> when the path stands for no network namespace (any more).</returns>
    /// <exception cref="NetworkNamespaceException">It may not be entered.</exception>
    public TargetNamespace? At(string path)
    {
        if (NetworkNamespaceList.At(path) is not { } found)
        {
            return null;
        }

        try
        {
            return new TargetNamespace(found, thread.CookieOf(found));
        }
        catch (NetworkNamespaceException e) when (IsGone(e))
        {
            return null;
        }
    }

    /// <summary>Looks for a namespace that is known already: where it was, else wherever it is mounted or a process lives in it.</summary>
    /// <param name="known">As it was when it was last seen.</param>
    /// <param name="everywhere">All namespaces of the node; asked for only when it is not where it was.</param>
    /// <returns><see langword="null"/> when it is gone.</returns>
    /// <exception cref="NetworkNamespaceException">It may not be entered.</exception>
    public TargetNamespace? Find(TargetNamespace known, Lazy<IReadOnlyList<NetworkNamespace>> everywhere)
    {
        if (At(known.Namespace.Path) is { } here && IsSame(known, here))
        {
            return here;
        }

        return everywhere.Value.Where(ns => ns.Inode == known.Namespace.Inode)
            .Select(ns => At(ns.Path)).OfType<TargetNamespace>().FirstOrDefault(there => IsSame(known, there));
    }

    /// <returns><see langword="null"/> when this kernel or namespace has no such sysctl.</returns>
    /// <exception cref="NetworkNamespaceException">The namespace is gone (<see cref="IsGone"/>) or may not be entered.</exception>
    /// <exception cref="SysctlException">It is there but cannot be read.</exception>
    public string? Read(TargetNamespace target, string sysctl) => Inside(target, () => Sysctl.Read(sysctl));

    /// <exception cref="NetworkNamespaceException">As for <see cref="Read"/>.</exception>
    /// <exception cref="SysctlException">It is not there, or read-only in this namespace.</exception>
    public void RequireWritable(TargetNamespace target, string sysctl) => Inside(target, () =>
    {
        Sysctl.RequireWritable(sysctl);
        return true;
    });

    /// <returns>What holds now, as the kernel tells it.</returns>
    /// <exception cref="NetworkNamespaceException">As for <see cref="Read"/>.</exception>
    /// <exception cref="SysctlException">It is read-only in this namespace, or the kernel refuses the value.</exception>
    public string? Write(TargetNamespace target, string sysctl, string value) => Inside(target, () =>
    {
        Sysctl.Write(sysctl, value);
        return Sysctl.Read(sysctl);
    });

    /// <summary>Whether each of these is as it is said to be, by files that are kept open for the next time: a fiftieth of what it costs to enter each namespace.</summary>
    /// <remarks>An open file is its namespace's own, whatever takes the name or the number; when the namespace is gone, it cannot be read any more.</remarks>
    public bool AllHold(IReadOnlyCollection<(TargetNamespace Target, string Sysctl, string Value)> expected)
    {
        foreach (var gone in kept.Keys.Except(expected.Select(static one => KeyOf(one.Target, one.Sysctl))).ToList())
        {
            Forget(gone);
        }

        var entered = false;
        try
        {
            foreach (var (target, sysctl, value) in expected)
            {
                var key = KeyOf(target, sysctl);
                if (!kept.TryGetValue(key, out var file))
                {
                    entered = true;
                    kept[key] = file = Inside(target, () => Sysctl.Open(sysctl));
                }

                if (!NetworkNamespaceList.IsThere(target.Namespace) || Sysctl.Read(file) != value)
                {
                    return false;
                }
            }

            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Whichever it is, the whole look that follows finds it, and the next one opens its files anew.
            kept.Keys.ToList().ForEach(Forget);
            return false;
        }
        finally
        {
            if (entered)
            {
                // A thread that stays in a pod's namespace keeps it alive.
                _ = Host();
            }
        }
    }

    public void Dispose()
    {
        foreach (var key in kept.Keys.ToList())
        {
            Forget(key);
        }

        thread.Dispose();
    }

    private static (ulong Inode, ulong Cookie, string Sysctl) KeyOf(TargetNamespace target, string sysctl) => (target.Namespace.Inode, target.Cookie, sysctl);

    private void Forget((ulong Inode, ulong Cookie, string Sysctl) key)
    {
        if (kept.Remove(key, out var file))
        {
            file.Dispose();
        }
    }

    private static bool IsSame(TargetNamespace known, TargetNamespace found) =>
        known.Namespace.Inode == found.Namespace.Inode && known.Cookie == found.Cookie;

    private T Inside<T>(TargetNamespace target, Func<T> work) => thread.Run(target.Namespace, () =>
        NetworkNamespaceThread.CookieHere() == target.Cookie
            ? work()
            : throw new NetworkNamespaceException($"enter {target.Namespace.Path}", ENOENT, "the namespace is gone and another has taken its name and number"));
}
