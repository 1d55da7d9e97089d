using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using NetPulse.Linux.Interop;

namespace NetPulse.Linux.NetworkNamespaces;

/// <summary>A thread of its own that enters network namespaces and does work there.</summary>
/// <remarks>
/// <c>setns(2)</c> moves one thread. This one never comes back to the host's namespace and never runs anybody else's work, so no
/// other code can find itself in a pod by accident. What is opened in there (sockets, /proc files, BPF iterators) stays there.
/// Needs CAP_SYS_ADMIN.
/// </remarks>
public sealed class NetworkNamespaceThread : IDisposable
{
    private readonly BlockingCollection<Action> work = [];
    private readonly Thread thread;

    public NetworkNamespaceThread()
    {
        thread = new Thread(Loop) { IsBackground = true, Name = "network namespaces" };
        thread.Start();
    }

    /// <summary>Runs the function inside the namespace and returns its result.</summary>
    /// <exception cref="NetworkNamespaceException">The namespace is gone, or may not be entered.</exception>
    public T Run<T>(NetworkNamespace target, Func<T> function) => Work(() =>
    {
        Enter(target);
        return function();
    });

    /// <inheritdoc cref="Run{T}"/>
    public void Run(NetworkNamespace target, Action action) => Run(target, () =>
    {
        action();
        return true;
    });

    /// <summary>Runs the function inside a namespace that is made for it and has no name: it is gone with the next one that this thread enters, or with the process.</summary>
    /// <exception cref="NetworkNamespaceException">None could be made.</exception>
    public T RunInNew<T>(Func<T> function) => Work(() =>
    {
        if (LibC.unshare(LibC.CLONE_NEWNET) != 0)
        {
            throw new NetworkNamespaceException("make a network namespace", Marshal.GetLastPInvokeError(), "the process needs CAP_SYS_ADMIN, and the node room for one more (user.max_net_namespaces)");
        }

        return function();
    });

    /// <summary>Enters one namespace after the other and does the work in each: one change of threads for all of them.</summary>
    /// <param name="action">Runs inside the namespace; what it throws ends the round and reaches the caller.</param>
    /// <param name="onRefused">Told of a namespace that is gone or may not be entered; the others follow.</param>
    public void RunEach<T>(IReadOnlyList<T> targets, Func<T, NetworkNamespace> namespaceOf, Action<T> action, Action<T, NetworkNamespaceException> onRefused)
    {
        if (targets.Count == 0)
        {
            return;
        }

        Work(() =>
        {
            foreach (var target in targets)
            {
                try
                {
                    Enter(namespaceOf(target));
                }
                catch (NetworkNamespaceException e)
                {
                    onRefused(target, e);
                    continue;
                }

                action(target);
            }

            return true;
        });
    }

    /// <summary>The namespace's cookie, unique while the node is up; 0 where the kernel has none (before 5.14).</summary>
    /// <remarks>An inode number comes back for another namespace; a cookie does not.</remarks>
    /// <exception cref="NetworkNamespaceException">As for <see cref="Run{T}"/>.</exception>
    public ulong CookieOf(NetworkNamespace target) => Run(target, CookieHere);

    /// <summary>As <see cref="CookieOf"/>, of the namespace that the calling thread is in: to check it in the same entry in which something is written.</summary>
    /// <exception cref="NetworkNamespaceException">No socket could be opened.</exception>
    public static ulong CookieHere()
    {
        var socket = LibC.socket(LibC.AF_INET, LibC.SOCK_DGRAM | LibC.SOCK_CLOEXEC, 0);
        if (socket < 0)
        {
            throw new NetworkNamespaceException("open a socket", Marshal.GetLastPInvokeError(), "check the process's file limit");
        }

        try
        {
            uint length = sizeof(ulong);
            return LibC.getsockopt(socket, LibC.SOL_SOCKET, LibC.SO_NETNS_COOKIE, out var cookie, ref length) == 0 ? cookie : 0;
        }
        finally
        {
            _ = LibC.close(socket);
        }
    }

    public void Dispose()
    {
        work.CompleteAdding();
        thread.Join();
        work.Dispose();
    }

    private T Work<T>(Func<T> function)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        work.Add(() =>
        {
            try
            {
                done.SetResult(function());
            }
#pragma warning disable CA1031 // whatever the function throws belongs to its caller, on the caller's thread
            catch (Exception e)
#pragma warning restore CA1031
            {
                done.SetException(e);
            }
        });
#pragma warning disable VSTHRD002 // the thread that does the work waits for nobody, so waiting for it cannot deadlock
        return done.Task.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }

    private static void Enter(NetworkNamespace target)
    {
        using var file = NamespaceFile.Open(target);
        if (LibC.setns(file, LibC.CLONE_NEWNET) != 0)
        {
            throw new NetworkNamespaceException($"enter {target.Path}", Marshal.GetLastPInvokeError(), "the process needs CAP_SYS_ADMIN");
        }
    }

    private void Loop()
    {
        foreach (var action in work.GetConsumingEnumerable())
        {
            action();
        }
    }
}
