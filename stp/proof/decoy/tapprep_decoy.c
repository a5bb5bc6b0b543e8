/*
 * A module that behaves as a rootkit does, for virtual machines in which the incident scripts are proven: on demand it
 * leaves the list of modules, and puts a function of its own into a table of the kernel. It hides nothing else.
 */
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/vmalloc.h>

static struct list_head *neighbour;
static unsigned long slot, before;

static long decoy_call(void)
{
	return -ENOSYS;
}

/* The kernel maps its tables read-only, so they are written through another mapping of the same page. */
static int write_pointer(unsigned long address, unsigned long value)
{
	struct page *page = pfn_to_page(__pa_symbol(address) >> PAGE_SHIFT);
	char *mapped = vmap(&page, 1, VM_MAP, PAGE_KERNEL);

	if (!mapped)
		return -ENOMEM;
	WRITE_ONCE(*(unsigned long *)(mapped + offset_in_page(address)), value);
	vunmap(mapped);
	return 0;
}

static int set_hidden(const char *text, const struct kernel_param *param)
{
	bool hide;
	int status = kstrtobool(text, &hide);

	if (status)
		return status;
	if (hide && !neighbour) {
		neighbour = THIS_MODULE->list.prev;
		list_del(&THIS_MODULE->list);
	} else if (!hide && neighbour) {
		list_add(&THIS_MODULE->list, neighbour);
		neighbour = NULL;
	}
	return 0;
}

/* The address of a pointer in the kernel's own data; 0 puts back what was there. */
static int set_slot(const char *text, const struct kernel_param *param)
{
	unsigned long address;
	int status = kstrtoul(text, 0, &address);

	if (status)
		return status;
	if (slot) {
		status = write_pointer(slot, before);
		slot = 0;
	}
	if (!status && address) {
		before = *(unsigned long *)address;
		status = write_pointer(address, (unsigned long)decoy_call);
		slot = address;
	}
	return status;
}

static const struct kernel_param_ops hidden_ops = { .set = set_hidden };
static const struct kernel_param_ops slot_ops = { .set = set_slot };
module_param_cb(hidden, &hidden_ops, NULL, 0200);
module_param_cb(slot, &slot_ops, NULL, 0200);

static int __init decoy_init(void)
{
	return 0;
}

static void __exit decoy_exit(void)
{
	set_slot("0", NULL);
}

module_init(decoy_init);
module_exit(decoy_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("decoy for proving that signs of a rootkit are found");
